/** Kernels with the addresses that they work on. */

import { bytesOf } from '../../dtype.ts';
import { type KernelSpec, lowered, type RowSum } from '../compile/index.ts';
import type { AddedUp, Area, Call, Elementwise, Kernel, Operand } from '../recording/index.ts';
import type { FunctionBuilder, ValueType } from '../wasm/index.ts';

/** Where things lie, as bytes of the memory of kernels. */
export interface Places {
  /** The first byte of an area. */
  readonly of: (area: Area) => number;
  /** The first byte of the parameters of an elementwise kernel: float64 numbers, side by side. */
  readonly params: (kernel: Elementwise) => number;
  /** The first of 32 bytes that may be overwritten at any time. */
  readonly spare: number;
}

/** The first byte of an operand. */
const byteOf = ({ area, dtype, offset }: Operand, places: Places): number =>
  places.of(area) + offset * bytesOf(dtype);

/** An elementwise kernel, ready to be written. */
export interface Prepared {
  readonly spec: KernelSpec;
  readonly expressions: ReturnType<typeof lowered>;
}

/**
 * An elementwise kernel where it is; without `places` one whose function is given {@link addressesOf}, in this order.
 */
export function prepare(kernel: Elementwise, places: Places | null): Prepared {
  const { name, lane, inputs, outputs } = kernel;
  const whereIs = (operand: Operand, number: number) =>
    places === null ? { base: 0, shift: number } : { base: byteOf(operand, places) };
  const spec: KernelSpec = {
    name,
    lane,
    ...(places === null
      ? { params: 0, paramsShift: inputs.length + outputs.length }
      : { params: places.params(kernel) }),
    inputs: inputs.map(({ operand, reading }, i) => ({
      stored: operand.dtype,
      mode: reading,
      ...whereIs(operand, i),
    })),
    outputs: outputs.map(({ operand, expression, addedUp }, i) => ({
      expression,
      stored: (addedUp?.values ?? operand).dtype,
      ...whereIs(operand, inputs.length + i),
    })),
  };
  return { spec, expressions: lowered(spec) };
}

/** What {@link AddedUp.callee} takes. */
export const rowSumTypes: readonly ValueType[] = Array<ValueType>(6).fill('i32');

/** The results of a kernel that are added up: all of them, or none. */
export const sumsOf = ({ outputs }: Elementwise): { operand: Operand; addedUp: AddedUp }[] =>
  outputs.flatMap(({ operand, addedUp }) => (addedUp === undefined ? [] : { operand, addedUp }));

/**
 * Where the sums of a kernel come about; without `places` by what its function is given, as {@link addressesOf} says,
 * and with `scratch`, a local, in memory from there on.
 */
export function rowSumsOf(
  f: FunctionBuilder,
  kernel: Elementwise,
  places: Places | null,
  calleeOf: (callee: Call['callee']) => number,
  scratch?: number,
): RowSum[] {
  const { inputs, outputs } = kernel;
  const first = inputs.length + outputs.length;
  let behind = valuesAt;
  return sumsOf(kernel).map(({ operand, addedUp: { callee, values, grouped } }, i) => {
    const at = behind;
    behind += values.length * bytesOf(values.dtype);
    return {
      callee: calleeOf(callee),
      ...(grouped === undefined ? {} : { grouped }),
      pushValues: () => {
        if (scratch !== undefined) f.get(scratch).i32Const(at).op('i32.add');
        else if (places === null) f.get(first + 1 + i);
        else f.i32Const(places.of(values));
      },
      pushResult: () => {
        if (places === null) f.get(inputs.length + i);
        else f.i32Const(byteOf(operand, places));
      },
    };
  });
}

/** Where values lie in scratch: behind what {@link Places.spare} needs. */
const valuesAt = 64;

/** What the function of several kernels is given: the addresses of one. */
export function addressesOf(kernel: Kernel, places: Places): number[] {
  switch (kernel.kind) {
    case 'elementwise':
      return [
        ...kernel.inputs.map(({ operand }) => byteOf(operand, places)),
        ...kernel.outputs.map(({ operand }) => byteOf(operand, places)),
        places.params(kernel),
        ...sumsOf(kernel).map(({ addedUp }) => places.of(addedUp.values)),
      ];
    case 'copy':
      return [byteOf(kernel.from, places), byteOf(kernel.to, places)];
    case 'product':
      return [kernel.a.at, kernel.b.at, kernel.c, kernel.added?.at].map((at) =>
        at === undefined ? 0 : places.of(at.area) + at.bytes,
      );
    case 'call':
      return [];
  }
}

/** Pushes an argument of a call. */
export function emitArgument(f: FunctionBuilder, { args, types }: Call, i: number, places: Places): void {
  const arg = args[i] ?? 0;
  const value = typeof arg === 'number' ? arg : places.of(arg.area) + arg.bytes;
  switch (types[i]) {
    case 'f32':
      f.f32Const(value);
      break;
    case 'f64':
      f.f64Const(value);
      break;
    default:
      f.i32Const(value);
  }
}
