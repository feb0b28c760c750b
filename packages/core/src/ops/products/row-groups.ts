import { K, signature } from '../../arguments/index.ts';
import { isFloatingPoint, type TypedArray } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import {
  elementsOf,
  gemmOfSome,
  groupRows as groupRowsInto,
  putRows,
  takeRows,
} from '../../kernels/index.ts';
import {
  apply,
  applyMulti,
  defineMulti,
  definePrimitive,
  INPUT,
  isTraced,
  type Primitive,
} from '../../record/index.ts';
import { decidesBy, valuesOf } from '../../record/values.ts';
import { formatShape, numelOf } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { tensor } from '../creation/from-data.ts';
import { gt } from '../elementwise/compare.ts';
import { narrow, select } from '../views/index.ts';

/*
 * Rows of a group that has n of them stand in the first n of a tensor's rows. Eager has no others; in a program, whose
 * shapes stay, there are as many as there could be, and the rest takes part in nothing: the count is an operand of what
 * is done to rows.
 */

const groupsPrimitive = defineMulti<undefined, [keys: Tensor, bounds: Tensor]>({
  name: 'group_rows',
  infer: ([keys, bounds]) => {
    const groups = bounds.count - 1;
    return [
      { shape: [groups, keys.count], dtype: 'int32' },
      { shape: [groups], dtype: 'int32' },
    ];
  },
  kernel([keys, bounds], _, [rows, counts]) {
    const [given, limits] = [elementsOf(keys), elementsOf(bounds)];
    if (groupRowsInto(given, limits, elementsOf(rows), elementsOf(counts)) < 0) return;
    throw new ValueError(
      `groupRows: expected keys in [${limits[0]}, ${limits[bounds.count - 1]! - 1}], but values in range ` +
        `[${extremeOf(given, Math.min)}, ${extremeOf(given, Math.max)}] were found`,
    );
  },
});

const extremeOf = (values: TypedArray, of: (a: number, b: number) => number): number => {
  let found = values[0] ?? Number.NaN;
  for (const value of values) found = of(found, value);
  return found;
};

/** A tensor, the numbers of a group's rows, and how many it has. */
type OfRows = [x: Tensor, rows: Tensor, count: Tensor];

const asRows = (x: Tensor) => {
  const [rows = 1, ...rest] = x.shape;
  return { array: elementsOf(x), rows, width: numelOf(rest) };
};

const taking: Primitive<undefined, OfRows> = /* @__PURE__ */ definePrimitive<undefined, OfRows>({
  name: 'take_rows',
  saves: INPUT(1) | INPUT(2),
  infer: ([x, rows]) => ({ shape: x.shape.with(0, rows.count), dtype: x.dtype }),
  kernel: ([x, rows, count], _, out) => takeRows(asRows(x), elementsOf(rows), elementsOf(count), asRows(out)),
  derivative: (g, node) => [
    apply(putting, [g, node.input(1), node.input(2)], node.inputShapes[0]?.[0] ?? 0),
    null,
    null,
  ],
});

const putting: Primitive<number, OfRows> = /* @__PURE__ */ definePrimitive<number, OfRows>({
  name: 'put_rows',
  saves: INPUT(1) | INPUT(2),
  infer: ([x], size) => ({ shape: x.shape.with(0, size), dtype: x.dtype }),
  kernel: ([x, rows, count], _, out) => putRows(asRows(x), elementsOf(rows), elementsOf(count), asRows(out)),
  derivative: (g, node) => [apply(taking, [g, node.input(1), node.input(2)], undefined), null, null],
});

/** Two matrices, and how many rows of the first take part. */
type Factors = [a: Tensor, b: Tensor, count: Tensor];

const sizes = ({ shape: [rows = 0, columns = 0] }: Tensor): [number, number] => [rows, columns];

/** A matrix whose elements lie side by side, row by row, or with `turned` the same with rows for columns. */
const matrixOf = (x: Tensor, turned = false) => {
  const [, columns] = sizes(x);
  const [rowStride, colStride] = turned ? [1, columns] : [columns, 1];
  return { array: elementsOf(x), offset: 0, rowStride, colStride };
};

const arrayOf = (out: Tensor) => elementsOf(out) as Float32Array | Float64Array;

/** a b, or with `turned` a bᵀ. */
const timesMatrix: Primitive<{ readonly turned: boolean }, Factors> = /* @__PURE__ */ definePrimitive<
  { readonly turned: boolean },
  Factors
>({
  name: 'mm_of_rows',
  saves: INPUT(0) | INPUT(1) | INPUT(2),
  infer: ([a, b], { turned }) => ({ shape: [sizes(a)[0], sizes(b)[turned ? 0 : 1]], dtype: a.dtype }),
  kernel([a, b, count], { turned }, out) {
    const [[m, k], [, n]] = [sizes(a), sizes(out)];
    gemmOfSome('rows', elementsOf(count), m, n, k, matrixOf(a), matrixOf(b, turned), arrayOf(out));
  },
  derivative(g, node) {
    const { turned } = node.attrs;
    const count = node.input(2);
    const ga = node.needs(0) ? apply(timesMatrix, [g, node.input(1), count], { turned: !turned }) : null;
    if (!node.needs(1)) return [ga, null, null];
    const a = node.input(0);
    return [ga, apply(overRows, turned ? [g, a, count] : [a, g, count], undefined), null];
  },
});

/** aᵀ b. */
const overRows: Primitive<undefined, Factors> = /* @__PURE__ */ definePrimitive<undefined, Factors>({
  name: 'mm_over_rows',
  saves: INPUT(0) | INPUT(1) | INPUT(2),
  infer: ([a, b]) => ({ shape: [sizes(a)[1], sizes(b)[1]], dtype: a.dtype }),
  kernel([a, b, count], _, out) {
    const [[k], [m, n]] = [sizes(a), sizes(out)];
    gemmOfSome('steps', elementsOf(count), m, n, k, matrixOf(a, true), matrixOf(b), arrayOf(out));
  },
  derivative(g, node) {
    const count = node.input(2);
    return [
      node.needs(0) ? apply(timesMatrix, [node.input(1), g, count], { turned: true }) : null,
      node.needs(1) ? apply(timesMatrix, [node.input(0), g, count], { turned: false }) : null,
      null,
    ];
  },
});

/**
 * The rows of a batch that are of one group, as {@link groupRows} gives them. What is computed of them one by one is
 * the same in a compiled function, where the rows that are taken have as many behind them, of no consequence, as the
 * batch has in other groups.
 */
export interface RowGroup {
  /** Whether it has none. Where that was asked, a compiled function has a program for each answer. */
  readonly isEmpty: boolean;
  /** Their numbers, int32 (n,): not in a compiled function, which does not know how many there are. */
  index(): Tensor;
  /**
   * Its rows of x, (N, ...), side by side.
   * @throws ShapeError where x has not a row for each key; DTypeError for bools and bytes
   */
  take(x: Tensor): Tensor;
  /**
   * Rows that were taken, and what was made of them, at their places among N rows, of which the others are 0.
   * @throws ShapeError where x has other rows than are taken; DTypeError for bools and bytes
   */
  put(x: Tensor): Tensor;
  /**
   * x Wᵀ of rows that were taken, x (n, in), and W (out, in): (n, out).
   * @throws ShapeError where the two do not fit; DTypeError where they are not of one floating dtype
   */
  linear(x: Tensor, weight: Tensor): Tensor;
}

const takes = {
  groupRows: /* @__PURE__ */ signature('groupRows', { keys: K.tensor, bounds: K.listOf(K.integer) }),
  take: /* @__PURE__ */ signature('RowGroup.take', { x: K.tensor }),
  put: /* @__PURE__ */ signature('RowGroup.put', { x: K.tensor }),
  linear: /* @__PURE__ */ signature('RowGroup.linear', { x: K.tensor, weight: K.tensor }),
};

class Group implements RowGroup {
  readonly #rows: Tensor;
  readonly #count: Tensor;
  /** How many rows there are in all groups. */
  readonly #size: number;
  readonly #isEmpty: () => boolean;

  constructor(rows: Tensor, count: Tensor, size: number, isEmpty: () => boolean) {
    this.#rows = rows;
    this.#count = count;
    this.#size = size;
    this.#isEmpty = isEmpty;
  }

  get isEmpty(): boolean {
    return this.#isEmpty();
  }

  index(): Tensor {
    const [n = 0] = valuesOf(this.#count, 'groupRows: how many rows a group has');
    return narrow(this.#rows, 0, 0, n);
  }

  take(x: Tensor): Tensor {
    takes.take(arguments);
    checkRows('take', x, this.#size);
    return apply(taking, [x, this.#rows, this.#count], undefined);
  }

  put(x: Tensor): Tensor {
    takes.put(arguments);
    checkRows('put', x, this.#rows.count);
    return apply(putting, [x, this.#rows, this.#count], this.#size);
  }

  linear(x: Tensor, weight: Tensor): Tensor {
    takes.linear(arguments);
    checkRows('linear', x, this.#rows.count);
    if (x.ndim !== 2 || weight.ndim !== 2 || x.shape[1] !== weight.shape[1]) {
      throw new ShapeError(
        `RowGroup.linear: input of shape ${formatShape(x.shape)} does not fit weight of shape ${formatShape(weight.shape)}: ` +
          'expected (n, in) and (out, in) with the same in',
      );
    }
    if (x.dtype !== weight.dtype || !isFloatingPoint(x.dtype))
      throw new DTypeError(
        `RowGroup.linear: expected both operands of one floating dtype, got ${x.dtype} and ${weight.dtype}`,
      );
    return apply(timesMatrix, [x, weight, this.#count], { turned: true });
  }
}

function checkRows(name: string, x: Tensor, rows: number): void {
  if (x.dtype === 'bool' || x.dtype === 'uint8')
    throw new DTypeError(`RowGroup.${name}: not implemented for ${x.dtype}; convert with to()`);
  if (x.shape[0] !== rows)
    throw new ShapeError(`RowGroup.${name}: expected ${rows} rows, got shape ${formatShape(x.shape)}`);
}

/**
 * The rows of a batch by groups: row i, of N, is in group g where bounds[g] <= keys[i] < bounds[g + 1]. For what treats
 * rows otherwise according to a class, a cluster or an expert of theirs: in a compiled function the rows of a group may
 * be others, and any number, in each call. Kindling's own.
 * @param keys (N,), integers
 * @param bounds one more than there are groups, ascending
 * @throws ShapeError where `keys` is no vector; DTypeError where it is not of integers; ValueError for a key in no
 * group, and for bounds that are no ascending int32 numbers
 * @example
 * ```ts
 * const x = tensor([1, 2, 3, 4]);
 * const groups = groupRows(tensor([0, 1, 1, 0]), [0, 1, 2]);
 * groups.map((group) => group.take(x)); // [ tensor([1, 4]), tensor([2, 3]) ]
 * groups.map((group) => group.put(group.take(x).mul(10))); // [ tensor([10,  0,  0, 40]), tensor([ 0, 20, 30,  0]) ]
 * ```
 */
export function groupRows(keys: Tensor, bounds: readonly number[]): RowGroup[] {
  takes.groupRows(arguments);
  if (keys.ndim !== 1)
    throw new ShapeError(`groupRows: expected keys of one dimension, got shape ${formatShape(keys.shape)}`);
  if (keys.dtype !== 'int32') throw new DTypeError(`groupRows: expected keys of int32, got ${keys.dtype}`);
  if (bounds.length < 2 || bounds.some((b, i) => i > 0 && b < bounds[i - 1]!))
    throw new ValueError(`groupRows: expected two or more ascending bounds, got [${bounds.join(', ')}]`);
  const size = keys.count;
  const [rows, counts] = applyMulti(
    groupsPrimitive,
    [keys, tensor([...bounds], { dtype: 'int32' })],
    undefined,
  );
  const groups = bounds.slice(1);
  const countOf = (g: number): Tensor => narrow(counts, 0, g, 1);
  if (isTraced()) {
    const flags = gt(counts, 0);
    return groups.map(
      (_, g) =>
        new Group(
          select(rows, 0, g),
          countOf(g),
          size,
          () => !decidesBy(select(flags, 0, g), `groupRows: whether group ${g} has rows`),
        ),
    );
  }
  const found = valuesOf(counts, 'groupRows: how many rows each group has');
  return groups.map((_, g) => {
    const n = found[g] ?? 0;
    return new Group(narrow(select(rows, 0, g), 0, 0, n), countOf(g), size, () => n === 0);
  });
}
