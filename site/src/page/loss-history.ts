/** The losses of a training of any length, in a few hundred means: as it grows, neighbours are merged. */
import type { LossCurve } from './protocol.ts';

const mostPoints = 400;

export class LossHistory {
  private readonly means: number[] = [];
  /** Steps that each mean stands for. */
  private width = 1;
  private sum = 0;
  private count = 0;

  add(loss: number): void {
    this.sum += loss;
    this.count += 1;
    if (this.count < this.width) return;
    this.means.push(this.sum / this.count);
    this.sum = 0;
    this.count = 0;
    if (this.means.length >= mostPoints) this.merge();
  }

  private merge(): void {
    const { means } = this;
    for (let i = 0; i < means.length / 2; i++) means[i] = ((means[2 * i] ?? 0) + (means[2 * i + 1] ?? 0)) / 2;
    means.length /= 2;
    this.width *= 2;
  }

  curve(): LossCurve {
    return { steps: this.means.map((_, i) => (i + 1) * this.width), losses: [...this.means] };
  }
}
