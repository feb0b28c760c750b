/** Kernels with the addresses that they work on. */

import { bytesOf } from '../../dtype.ts';
import { type KernelSpec, lowered } from '../compile/index.ts';
import type { Area, Call, Elementwise, Operand } from '../recording/index.ts';
import type { FunctionBuilder } from '../wasm/index.ts';

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
export const byteOf = ({ area, dtype, offset }: Operand, places: Places): number =>
  places.of(area) + offset * bytesOf(dtype);

const specOf = (kernel: Elementwise, places: Places): KernelSpec => ({
  name: kernel.name,
  lane: kernel.lane,
  params: places.params(kernel),
  inputs: kernel.inputs.map(({ operand, reading }) => ({
    stored: operand.dtype,
    mode: reading,
    base: byteOf(operand, places),
  })),
  outputs: kernel.outputs.map(({ operand, expression }) => ({
    expression,
    stored: operand.dtype,
    base: byteOf(operand, places),
  })),
});

/** An elementwise kernel, ready to be written. */
export interface Prepared {
  readonly spec: KernelSpec;
  readonly expressions: ReturnType<typeof lowered>;
}

export function prepare(kernel: Elementwise, places: Places): Prepared {
  const spec = specOf(kernel, places);
  return { spec, expressions: lowered(spec) };
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
