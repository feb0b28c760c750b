/** The second level of a program: kernels over areas of memory. */

import type { DType } from '../../dtype.ts';
import type { Shape } from '../../shape.ts';
import type { Expr, Lane } from '../expression/index.ts';
import type { FunctionBuilder, ValueType } from '../wasm/index.ts';
import type { Area } from './place.ts';
import { type Product, readsOfProduct } from './product.ts';

/** How an operand lies in an area. */
export interface Operand {
  readonly area: Area;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly strides: readonly number[];
  /** Index of the first element. */
  readonly offset: number;
  readonly count: number;
  readonly dense: boolean;
}

/**
 * How an operand is read along an iteration space of rows: element by element, the same row each time, one element for
 * each row, or one for all.
 */
export type Reading = 'dense' | 'row' | 'column' | 'scalar';

/**
 * A number that a kernel is given: the same in each call, or number `index` of those that the host gives an equation.
 */
export type Parameter = number | { readonly equation: number; readonly index: number };

/** Adds up a stretch of float32 values as they come about, vector by vector: the sum is carried in two locals. */
export interface GroupedSum {
  /** So many vectors are added up together, and what is left one by one. */
  readonly group: number;
  /** The elements of a stretch are at least so many, and a multiple of a vector's. */
  readonly least: number;
  begin(f: FunctionBuilder, sum: Pair): void;
  /** Adds a group or a single vector, which `push` pushes by number; may use the local `spare`. */
  add(
    f: FunctionBuilder,
    sum: Pair,
    vectors: readonly number[],
    push: (i: number) => void,
    spare: number,
  ): void;
  /** Leaves the sum in the first local, and pushes whether it is right. */
  finish(f: FunctionBuilder, sum: Pair): void;
}
type Pair = readonly [number, number];

/**
 * Says of a result that its values are not stored, but added up row by row: the operand holds a number for each row.
 */
export interface AddedUp {
  /** Adds up so many elements of a row: of (1, elements, values, result, 0, whether to go on from the result). */
  readonly callee: Call['callee'];
  /** Where values are until they are added up. */
  readonly values: Area;
  /** How to do the same with values that are nowhere, where that goes well. */
  readonly grouped?: GroupedSum;
}

/** Evaluates expressions at each of `count` elements, in rows of `inner`. */
export interface Elementwise {
  readonly kind: 'elementwise';
  readonly name: string;
  readonly lane: Lane;
  readonly count: number;
  /** The length of a row. */
  readonly inner: number;
  readonly inputs: readonly { readonly operand: Operand; readonly reading: Reading }[];
  /** Numbers that expressions name by their position. */
  readonly params: readonly Parameter[];
  /** Dense results, each with its expression. */
  readonly outputs: readonly {
    readonly operand: Operand;
    readonly expression: Expr;
    readonly addedUp?: AddedUp;
  }[];
}

/** Copies elements of one dtype between any two layouts of one shape. */
export interface Copy {
  readonly kind: 'copy';
  readonly name: string;
  readonly from: Operand;
  readonly to: Operand;
}

/** A byte address: `bytes` after the beginning of an area. */
export interface Address {
  readonly area: Area;
  readonly bytes: number;
}

/** How a call can be cut into calls of fewer rows, which give the same bits and can be made side by side. */
export interface Split {
  /** Which argument says how many there are. */
  readonly count: number;
  /** Which arguments are addresses in the first row, with the bytes from there to the next. */
  readonly steps: readonly (readonly [argument: number, bytes: number])[];
  /** Which argument is the address of scratch memory; `null` where it takes none. */
  readonly scratch: number | null;
  /** How many rows the function works on at a time. */
  readonly together: number;
  /** How long a row takes, in multiply-adds. */
  readonly work: number;
}

/** Calls a function of WebAssembly on addresses. */
export interface Call {
  readonly kind: 'call';
  readonly name: string;
  /** The function that eager calls run as well. */
  readonly callee: (...args: number[]) => unknown;
  readonly types: readonly ValueType[];
  readonly args: readonly (number | Address)[];
  readonly reads: readonly Area[];
  /** What it writes, be it in part. */
  readonly writes: readonly Area[];
  /** Those of `writes` of which it keeps some elements. */
  readonly keeps: readonly Area[];
  /** Those of `writes` that may lie where one of `reads` does. */
  readonly over: readonly (readonly [result: Area, operand: Area])[];
  /** Whether it gives other than 0 where it refuses what it found. */
  readonly checks: boolean;
  /** Whether the numbers among its arguments are sizes, which no number of the host decides. */
  readonly ofSizes: boolean;
  readonly rows: Split | null;
}

/** One thing that a program does in its memory. */
export type Kernel = Elementwise | Copy | Product | Call;

/** Whether an operand is all of its area. */
const fills = ({ dense, count, area }: Operand): boolean => dense && count === area.length;

/** The areas that a kernel reads elements of, those included that it changes in part. */
export function readsOf(kernel: Kernel): readonly Area[] {
  switch (kernel.kind) {
    case 'elementwise':
      return [
        ...kernel.inputs.map(({ operand }) => operand.area),
        ...kernel.outputs.flatMap(({ operand }) => (fills(operand) ? [] : [operand.area])),
      ];
    case 'copy':
      return fills(kernel.to) ? [kernel.from.area] : [kernel.from.area, kernel.to.area];
    case 'product':
      return readsOfProduct(kernel);
    case 'call':
      return [...kernel.reads, ...kernel.keeps];
  }
}

/** The areas that a kernel writes to. */
export function writesOf(kernel: Kernel): readonly Area[] {
  switch (kernel.kind) {
    case 'elementwise':
      return kernel.outputs.flatMap(({ operand, addedUp }) =>
        addedUp === undefined ? operand.area : [operand.area, addedUp.values],
      );
    case 'copy':
      return [kernel.to.area];
    case 'product':
      return [kernel.c.area];
    case 'call':
      return kernel.writes;
  }
}
