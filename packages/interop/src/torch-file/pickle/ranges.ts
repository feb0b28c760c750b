import { type DType, noGrad, type Storage, Tensor, type TypedArray, valuesOf } from '@kindling/core';

/** A part of a storage as it stands in the file. */
interface Range {
  readonly key: string;
  readonly dtype: DType;
  readonly storage: Storage;
  /** Its first element, and behind its last. */
  first: number;
  end: number;
}

/** The parts of memory that tensors show, a storage of the file for each. */
export class Ranges {
  readonly #ranges = new Map<Storage, Map<DType, Range>>();
  readonly #all: Range[] = [];

  /** The part in which a tensor lies, which grows to hold it. */
  of(x: Tensor): { key: string; first: number; count: number } {
    const range = this.#rangeOf(x);
    if (x.count > 0) {
      const reach = x.shape.reduce((sum, size, d) => sum + (size - 1) * (x.strides[d] as number), x.offset);
      const none = range.first === range.end;
      range.first = none ? x.offset : Math.min(range.first, x.offset);
      range.end = none ? reach + 1 : Math.max(range.end, reach + 1);
    }
    return { key: range.key, first: range.first, count: range.end - range.first };
  }

  #rangeOf({ storage, dtype }: Tensor): Range {
    let byDtype = this.#ranges.get(storage);
    if (byDtype === undefined) {
      byDtype = new Map();
      this.#ranges.set(storage, byDtype);
    }
    let range = byDtype.get(dtype);
    if (range === undefined) {
      range = { key: String(this.#all.length), dtype, storage, first: 0, end: 0 };
      this.#all.push(range);
      byDtype.set(dtype, range);
    }
    return range;
  }

  /** The elements of each part. */
  elements(): { key: string; dtype: DType; array: TypedArray }[] {
    return noGrad(() =>
      this.#all.map(({ key, dtype, storage, first, end }) => {
        const flat = new Tensor(storage, [end - first], dtype, first);
        return { key, dtype, array: valuesOf(flat, 'save') };
      }),
    );
  }
}
