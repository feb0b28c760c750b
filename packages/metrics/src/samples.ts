/** What metrics remember: sums, and samples where no sum will do. */

/** Adds numbers to sums, place by place. */
export function addTo(sums: Float64Array, more: ArrayLike<number>): void {
  for (const [i, sum] of sums.entries()) sums[i] = sum + (more[i] ?? 0);
}

/** Numbers of which ever more come: rows of the same width, one behind the other. */
export class Samples {
  /** Numbers a row. */
  readonly width: number;
  private array = new Float64Array(0);
  private length = 0;

  constructor(width: number) {
    this.width = width;
  }

  /** All that came: a view, until more comes. */
  get values(): Float64Array {
    return this.array.subarray(0, this.length);
  }

  /** Twice the room each time there is none, so that adding costs the same however many there are. */
  push(values: ArrayLike<number>): void {
    const length = this.length + values.length;
    if (length > this.array.length) {
      const larger = new Float64Array(Math.max(length, 2 * this.array.length));
      larger.set(this.values);
      this.array = larger;
    }
    this.array.set(values, this.length);
    this.length = length;
  }

  clear(): void {
    this.array = new Float64Array(0);
    this.length = 0;
  }

  /** Gives what goes back to the numbers of now: those of an array never change, more come behind them. */
  mark(): () => void {
    const { array, length } = this;
    return () => {
      this.array = array;
      this.length = length;
    };
  }
}
