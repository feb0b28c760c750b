import type { TypedArray } from '../../dtype.ts';

/** A dense matrix of float64 in row-major order, and the operations on its rows of which factorisations consist. */
export class RealMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;

  constructor(rows: number, columns: number, data: Float64Array = new Float64Array(rows * columns)) {
    this.rows = rows;
    this.columns = columns;
    this.data = data;
  }

  /** Number `b` of the matrices that lie in an array one after the other, as a copy. */
  static read(from: TypedArray, b: number, rows: number, columns: number): RealMatrix {
    const size = rows * columns;
    return new RealMatrix(rows, columns, new Float64Array(from.subarray(b * size, (b + 1) * size)));
  }

  /** Ones on the diagonal, zeros elsewhere. */
  static identity(rows: number, columns = rows): RealMatrix {
    const made = new RealMatrix(rows, columns);
    for (let k = 0; k < Math.min(rows, columns); k++) made.set(k, k, 1);
    return made;
  }

  /** Writes the matrix as number `b` of those in an array. */
  write(to: TypedArray, b: number): void {
    to.set(this.data, b * this.data.length);
  }

  at(r: number, c: number): number {
    return this.data[r * this.columns + c] as number;
  }

  set(r: number, c: number, value: number): void {
    this.data[r * this.columns + c] = value;
  }

  transposed(): RealMatrix {
    const made = new RealMatrix(this.columns, this.rows);
    for (let r = 0; r < this.rows; r++) for (let c = 0; c < this.columns; c++) made.set(c, r, this.at(r, c));
    return made;
  }

  /** Adds a multiple of row `s` to row `r`, from column `from` on. */
  addRow(r: number, s: number, factor: number, from = 0): void {
    const { data, columns } = this;
    const [to, source] = [r * columns, s * columns];
    for (let c = from; c < columns; c++)
      data[to + c] = (data[to + c] as number) + factor * (data[source + c] as number);
  }

  scaleRow(r: number, factor: number): void {
    for (let c = 0; c < this.columns; c++) this.set(r, c, this.at(r, c) * factor);
  }

  swapRows(r: number, s: number): void {
    const { data, columns } = this;
    if (r === s) return;
    const kept = data.slice(r * columns, (r + 1) * columns);
    data.copyWithin(r * columns, s * columns, (s + 1) * columns);
    data.set(kept, s * columns);
  }

  /** The inner product of rows `r` and `s`, up to column `to`. */
  dotRows(r: number, s: number, to = this.columns): number {
    const { data, columns } = this;
    const [a, b] = [r * columns, s * columns];
    let total = 0;
    for (let c = 0; c < to; c++) total += (data[a + c] as number) * (data[b + c] as number);
    return total;
  }

  /** Turns rows `r` and `s` into each other: r cos - s sin, and r sin + s cos. */
  rotateRows(r: number, s: number, cosine: number, sine: number): void {
    const { data, columns } = this;
    const [a, b] = [r * columns, s * columns];
    for (let c = 0; c < columns; c++) {
      const x = data[a + c] as number;
      const y = data[b + c] as number;
      data[a + c] = cosine * x - sine * y;
      data[b + c] = sine * x + cosine * y;
    }
  }

  times(right: RealMatrix): RealMatrix {
    const made = new RealMatrix(this.rows, right.columns);
    const { data, columns } = made;
    for (let r = 0; r < this.rows; r++) {
      for (let k = 0; k < this.columns; k++) {
        const factor = this.at(r, k);
        for (let c = 0; c < columns; c++)
          data[r * columns + c] = (data[r * columns + c] as number) + factor * right.at(k, c);
      }
    }
    return made;
  }

  /** The sum of multiples of this and of another matrix. */
  plus(other: RealMatrix, factor = 1, own = 1): RealMatrix {
    const made = new RealMatrix(this.rows, this.columns);
    for (let r = 0; r < this.rows; r++) {
      for (let c = 0; c < this.columns; c++) made.set(r, c, own * this.at(r, c) + factor * other.at(r, c));
    }
    return made;
  }
}
