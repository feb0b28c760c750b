import type { Shape } from '../../shape.ts';
import type { Strided } from './strided.ts';

/** A dimension of a walk: its size, how far one step leads in each of two operands, and where the walk is. */
export interface Dimension {
  size: number;
  stride: number;
  other: number;
  index: number;
}

const newDimension = (): Dimension => ({ size: 1, stride: 0, other: 0, index: 0 });
const single = newDimension();

/**
 * Walks the elements of one or two operands row by row, with as few dimensions as their strides allow. `from` is where
 * the walk is in the first operand, `to` in the second.
 */
class Walk {
  from = 0;
  to = 0;
  #rank = 1;
  /** Those of rank and more are spare. */
  readonly #dimensions = Array.from({ length: 64 }, newDimension);

  /** The last dimension. */
  get inner(): Dimension {
    return this.#dimensions[this.#rank - 1] ?? single;
  }

  /** The dimension before the last, of size 1 where there is none. */
  get rows(): Dimension {
    return this.#dimensions[this.#rank - 2] ?? single;
  }

  /** The dimension before those, of size 1 where there is none. */
  get blocks(): Dimension {
    return this.#dimensions[this.#rank - 3] ?? single;
  }

  /**
   * To the start of `x` broadcast to `shape`, and of `out`, where given, which has this very shape. Sizes of 1 are
   * dropped, and dimensions that one stride can step through are merged.
   */
  begin(x: Strided, shape: Shape, out?: Strided): void {
    const xShape = x.shape;
    const xStrides = x.strides;
    const others = out?.strides;
    const lead = shape.length - xShape.length;
    let rank = 0;
    let last = single;
    for (let d = 0; d < shape.length; d++) {
      const size = shape[d]!;
      if (size === 1) continue;
      const stride = d < lead || xShape[d - lead] === 1 ? 0 : xStrides[d - lead]!;
      const other = others === undefined ? stride : others[d]!;
      if (rank > 0 && last.stride === stride * size && last.other === other * size) {
        last.size *= size;
      } else {
        last = this.#dimensions[rank++]!;
        last.size = size;
        last.index = 0;
      }
      last.stride = stride;
      last.other = other;
    }
    this.#rank = rank;
    if (rank === 0) {
      this.#rank = 1;
      Object.assign(this.inner, { size: 1, stride: 1, other: 1, index: 0 });
    }
    this.from = x.offset;
    this.to = out === undefined ? 0 : out.offset;
  }

  /** From the start to element number `start`. */
  seek(start: number): void {
    let rest = start;
    for (let d = this.#rank - 1; d >= 0; d--) {
      const dimension = this.#dimensions[d]!;
      dimension.index = rest % dimension.size;
      this.from += dimension.index * dimension.stride;
      rest = (rest - dimension.index) / dimension.size;
    }
  }

  /** From the start of a row `rows` rows on, which end within {@link rows}; whether there is one. */
  advance(rows: number): boolean {
    return this.#step(this.#rank - 2, rows);
  }

  /** From the start of a block `blocks` blocks on, which end within {@link blocks}; whether there is one. */
  leap(blocks: number): boolean {
    return this.#step(this.#rank - 3, blocks);
  }

  #step(dim: number, count: number): boolean {
    let steps = count;
    for (let d = dim; d >= 0; d--) {
      const dimension = this.#dimensions[d]!;
      this.from += steps * dimension.stride;
      this.to += steps * dimension.other;
      dimension.index += steps;
      if (dimension.index < dimension.size) return true;
      this.from -= dimension.index * dimension.stride;
      this.to -= dimension.index * dimension.other;
      dimension.index = 0;
      steps = 1;
    }
    return false;
  }

  /**
   * Sorts the dimensions so that the second operand's smallest steps come last: writing in order is worth more than
   * reading so.
   */
  orderByTarget(): void {
    const dimensions = this.#dimensions;
    for (let i = 1; i < this.#rank; i++) {
      for (let j = i; j > 0; j--) {
        const [before, here] = [dimensions[j - 1]!, dimensions[j]!];
        if (Math.abs(before.other) >= Math.abs(here.other)) break;
        dimensions[j - 1] = here;
        dimensions[j] = before;
      }
    }
  }
}

/** The one walk, used again by each copy: copies do not nest. */
export const walk = new Walk();
