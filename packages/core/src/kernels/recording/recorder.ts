import type { DType, TypedArray } from '../../dtype.ts';
import { contiguousStrides, isContiguousLayout, numelOf, type Shape } from '../../shape.ts';
import { allocateBy } from '../../storage.ts';
import type { Expr, Lane } from '../expression/index.ts';
import type { Strided } from '../strided/index.ts';
import { classifiedInner, classify, readings } from '../strided/layouts.ts';
import type { ValueType } from '../wasm/index.ts';
import type { AddedUp, Address, Call, Elementwise, Kernel, Operand, Reading, Split } from './kernel.ts';
import { type Area, InJavaScript, placeOf, standIn } from './place.ts';
import { isWrittenOut, type Product } from './product.ts';

/** What {@link Recorder.call} takes beside function and arguments. */
export interface Effects {
  readonly reads?: readonly TypedArray[];
  readonly writes: readonly TypedArray[];
  /** Those of `writes` of which some elements stay as they are. */
  readonly keeps?: readonly TypedArray[];
  /** Results that may lie where one of `reads` does, of as many bytes, that nobody needs after the call. */
  readonly over?: readonly (readonly [result: TypedArray, operand: TypedArray])[];
  /** Whether the function gives other than 0 where it refuses what it found. */
  readonly checks?: boolean;
  /** Whether the numbers among the arguments are sizes, which no number of the host decides. */
  readonly ofSizes?: boolean;
  /** How the call can be cut; by default it cannot. */
  readonly rows?: Split;
}

/** Takes down what kernels are asked to do, on arrays that stand for memory. */
export class Recorder {
  readonly kernels: Kernel[] = [];

  /** Memory that lasts until the last kernel that names it. */
  temporary(dtype: DType, length: number): TypedArray {
    return standIn({ dtype, length });
  }

  /** The operand that `x`, broadcast to a shape, is. */
  operand(x: Strided, shape: Shape = x.shape): Operand {
    const { area, start } = placeOf(x.storage.array);
    const lead = shape.length - x.shape.length;
    const own = x.dense ? contiguousStrides(x.shape) : x.strides;
    const strides = shape.map((size, d) =>
      d < lead || (x.shape[d - lead] === 1 && size !== 1) ? 0 : own[d - lead]!,
    );
    const count = numelOf(shape);
    return {
      area,
      dtype: x.dtype,
      shape,
      strides,
      offset: start + x.offset,
      count,
      dense: count === x.count ? x.dense : isContiguousLayout(shape, strides),
    };
  }

  /** The address of an element of an array. */
  address(array: TypedArray, element = 0): Address {
    const { area, start } = placeOf(array);
    return { area, bytes: (start + element) * array.BYTES_PER_ELEMENT };
  }

  /** The elements of `x`, broadcast to a shape, in row-major order: where they are, or a copy. */
  elements(x: Strided, shape: Shape = x.shape): TypedArray {
    const operand = this.operand(x, shape);
    if (operand.dense) {
      const { array } = x.storage;
      return x.offset === 0 && array.length === operand.count
        ? array
        : array.subarray(x.offset, x.offset + operand.count);
    }
    const copy = this.temporary(x.dtype, operand.count);
    this.#copy(operand, this.#denseAt(copy, 0, x.dtype, shape));
    return copy;
  }

  /** Copies `x`, broadcast, to the elements of `out`, which has the same dtype; the two may share memory. */
  copy(x: Strided, out: Strided): void {
    const to = this.operand(out);
    const from = this.operand(x, out.shape);
    if (to.count === 0) return;
    if (from.area !== to.area) this.#copy(from, to);
    else {
      const between = this.#denseAt(this.temporary(x.dtype, to.count), 0, x.dtype, out.shape);
      this.#copy(from, between);
      this.#copy(between, to);
    }
  }

  #copy(from: Operand, to: Operand): void {
    this.kernels.push({ kind: 'copy', name: 'copy', from, to });
  }

  #denseAt(array: TypedArray, start: number, dtype: DType, shape: Shape): Operand {
    return this.operand({
      storage: { array },
      shape,
      strides: contiguousStrides(shape),
      offset: start,
      dtype,
      count: numelOf(shape),
      dense: true,
    });
  }

  /**
   * Evaluates an expression for each result, all of one shape, over operands that are broadcast to it. With `sums`,
   * which says their shape, each value is added up along the last dimension; results are then one a row.
   */
  elementwise(
    name: string,
    lane: Lane,
    expressions: readonly Expr[],
    inputs: readonly Strided[],
    params: readonly number[],
    outs: readonly Strided[],
    sums?: { readonly shape: Shape; readonly of: readonly AddedUp[] },
  ): void {
    const [first] = outs;
    if (first === undefined || first.count === 0) return;
    const { shape } = sums ?? first;
    const count = numelOf(shape);
    let inner = sums === undefined ? 0 : (shape.at(-1) ?? 1);
    const read = inputs.map((x) => {
      let operand = this.operand(x, shape);
      let reading: Reading | undefined = readings[classify(operand, shape)];
      if (reading === 'row' || reading === 'column') {
        if (inner === 0) inner = classifiedInner;
        else if (inner !== classifiedInner) reading = undefined;
      }
      if (reading === undefined) {
        operand = this.#denseAt(this.elements(x, shape), 0, x.dtype, shape);
        reading = 'dense';
      }
      return { operand, reading };
    });
    const after: [Operand, Operand][] = [];
    const outputs = outs.map((out, i) => {
      let operand = this.operand(out);
      if (!operand.dense || read.some((x) => overlapsOtherwise(operand, x))) {
        const own = this.#denseAt(this.temporary(out.dtype, out.count), 0, out.dtype, out.shape);
        after.push([own, operand]);
        operand = own;
      }
      const [expression, addedUp] = [expressions[i]!, sums?.of[i]];
      return addedUp === undefined ? { operand, expression } : { operand, expression, addedUp };
    });
    const kernel: Elementwise = {
      kind: 'elementwise',
      name,
      lane,
      count,
      inner: inner === 0 ? count : inner,
      inputs: read,
      params,
      outputs,
    };
    this.kernels.push(kernel);
    for (const [from, to] of after) this.#copy(from, to);
  }

  /** A product, where it is one for a function of its own; says whether it is. */
  product(product: Omit<Product, 'kind' | 'name'>): boolean {
    const kernel: Product = { kind: 'product', name: 'mm', ...product };
    const takes = isWrittenOut(kernel);
    if (takes) this.kernels.push(kernel);
    return takes;
  }

  /**
   * Calls a function of WebAssembly, of which eager calls run the same; arrays among the arguments stand for their
   * addresses.
   */
  call(
    name: string,
    callee: Call['callee'],
    types: readonly ValueType[],
    args: readonly (number | Address)[],
    { reads = [], writes, keeps = [], over = [], checks = false, ofSizes = false, rows }: Effects,
  ): void {
    const areas = (arrays: readonly TypedArray[]): Area[] => arrays.map((x) => placeOf(x).area);
    const [read, written] = [areas(reads), areas(writes)];
    const isKnown = (area: Area): boolean => read.includes(area) || written.includes(area);
    // What is thought to be in use by nobody gives its place to others.
    if (!args.every((arg) => typeof arg === 'number' || isKnown(arg.area)))
      throw new Error(`${name}: an argument is neither read nor written`);
    this.kernels.push({
      kind: 'call',
      name,
      callee,
      types,
      args,
      reads: read,
      writes: written,
      keeps: areas(keeps),
      over: over.map(([result, operand]) => [placeOf(result).area, placeOf(operand).area] as const),
      checks,
      ofSizes,
      rows: rows ?? null,
    });
  }
}

/** Whether a result lies over an operand in another way than element over element. */
const overlapsOtherwise = (out: Operand, x: { operand: Operand; reading: Reading }): boolean =>
  out.area === x.operand.area &&
  !(x.reading === 'dense' && x.operand.offset === out.offset && x.operand.dtype === out.dtype);

/** Who takes down kernels instead of their being run; `null`: nobody. */
export let recorder: Recorder | null = null;

/**
 * To be called by a kernel that is meant to work in JavaScript, with what it does there: where kernels are taken down
 * it must not happen.
 * @throws InJavaScript there
 */
export function worksInJavaScript(what: string): void {
  if (recorder !== null) throw new InJavaScript(what);
}

/** Whether a kernel may look at elements in order to do less: not where it is taken down. */
export const mayLook = (): boolean => recorder === null;

/** Has `run`'s kernels taken down. */
export function recordKernels(into: Recorder, run: () => void): void {
  recorder = into;
  allocateBy((dtype, length) => into.temporary(dtype, length));
  try {
    run();
  } finally {
    recorder = null;
    allocateBy(null);
  }
}
