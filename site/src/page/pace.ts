/** When a program may go on: it pauses, steps singly and slows down as the page says, and lets its messages in. */
import { onRequest } from './requests.ts';

const letIn = new MessageChannel();

/** Lets messages be heard; a timer would wait for 4 ms. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    letIn.port1.onmessage = () => resolve();
    letIn.port2.postMessage(null);
  });

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Pace {
  private paused = false;
  private single = 0;
  private stepsPerSecond = 0;
  private due = 0;
  private wake = () => {};

  constructor() {
    onRequest('pause', ({ paused }) => {
      this.paused = paused;
      this.wake();
    });
    onRequest('step', () => {
      this.single += 1;
      this.wake();
    });
    onRequest('rate', ({ stepsPerSecond }) => {
      this.stepsPerSecond = stepsPerSecond;
    });
    // What is paused shows at once what it makes of points that move and of what is drawn.
    onRequest('points', () => this.wake());
    onRequest('drawing', () => this.wake());
  }

  /** Whether each step is to be seen, and messages let in after it. */
  get slow(): boolean {
    return this.paused || this.stepsPerSecond > 0;
  }

  get held(): boolean {
    return this.paused;
  }

  /**
   * Ends when the next step may be taken; where it waits, `idle` is called at once and for each thing heard meanwhile.
   */
  async next(idle: () => void): Promise<void> {
    await turn();
    while (this.paused && this.single === 0) {
      // What woke it may have moved points.
      idle();
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.single = Math.max(0, this.single - 1);
    if (this.stepsPerSecond === 0 || this.paused) return;
    this.due = Math.max(this.due + 1000 / this.stepsPerSecond, performance.now());
    await sleep(this.due - performance.now());
  }
}
