/**
 * A pole that stands on a cart, which is pushed to the left or to the right so that it does not fall: the control task
 * of Barto, Sutton and Anderson, "Neuronlike adaptive elements that can solve difficult learning control problems"
 * (1983), with its constants.
 */
import { rand } from '@kindling/core';

/** In metres, kilograms, newtons and seconds. */
const task = {
  gravity: 9.8,
  cart: { mass: 1, farthest: 2.4 },
  pole: { mass: 0.1, halfLength: 0.5, steepest: (12 * Math.PI) / 180 },
  force: 10,
  seconds: 0.02,
  /** After so many steps the pole counts as balanced. */
  longest: 500,
};

export class CartPole {
  /** Place and speed of the cart, angle and angular speed of the pole. */
  state: [number, number, number, number] = [0, 0, 0, 0];
  steps = 0;

  /** Begins near the middle, nearly upright, as the default generator draws it. */
  reset(): [number, number, number, number] {
    const [a = 0, b = 0, c = 0, d = 0] = rand([4]).sub(0.5).mul(0.1).toArray() as number[];
    this.state = [a, b, c, d];
    this.steps = 0;
    return this.state;
  }

  /** Pushes to the left (0) or to the right (1) for a fiftieth of a second; whether the pole still stands. */
  push(action: number): boolean {
    const [place, speed, angle, turning] = this.state;
    const { gravity, cart, pole, force, seconds } = task;
    const mass = cart.mass + pole.mass;
    const sine = Math.sin(angle);
    const cosine = Math.cos(angle);
    const pushed =
      ((action === 1 ? force : -force) + pole.mass * pole.halfLength * turning ** 2 * sine) / mass;
    const bending =
      (gravity * sine - cosine * pushed) / (pole.halfLength * (4 / 3 - (pole.mass * cosine ** 2) / mass));
    const gaining = pushed - (pole.mass * pole.halfLength * bending * cosine) / mass;
    this.state = [
      place + seconds * speed,
      speed + seconds * gaining,
      angle + seconds * turning,
      turning + seconds * bending,
    ];
    this.steps += 1;
    return (
      Math.abs(this.state[0]) < cart.farthest &&
      Math.abs(this.state[2]) < pole.steepest &&
      this.steps < task.longest
    );
  }

  /** As `show` draws it. */
  get cart(): { place: number; angle: number } {
    return { place: this.state[0] / task.cart.farthest, angle: this.state[2] };
  }
}
