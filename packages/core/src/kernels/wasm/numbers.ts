/** Elements of any dtype in kernels that compute as JavaScript does: with float64 numbers, which are rounded as they are stored. */

import { bytesOf, type DType } from '../../dtype.ts';
import type { FunctionBuilder } from './module-builder.ts';

/** Replaces the address on the stack by the element there, as a float64 number. */
export function loadNumber(f: FunctionBuilder, dtype: DType): FunctionBuilder {
  switch (dtype) {
    case 'float32':
      return f.load('f32.load').op('f64.promote_f32');
    case 'float64':
      return f.load('f64.load');
    case 'int32':
      return f.load('i32.load').op('f64.convert_i32_s');
    default:
      return f.load('i32.load8_u').op('f64.convert_i32_s');
  }
}

/** Stores the float64 number on the stack, which the dtype holds, at the address below it. */
export function storeNumber(f: FunctionBuilder, dtype: DType): FunctionBuilder {
  switch (dtype) {
    case 'float32':
      return f.op('f32.demote_f64').store('f32.store');
    case 'float64':
      return f.store('f64.store');
    case 'int32':
      return f.op('i32.trunc_sat_f64_s').store('i32.store');
    default:
      return f.op('i32.trunc_sat_f64_s').store('i32.store8');
  }
}

/** Pushes the address of element number `index` of what lies at `base`. */
export function pushPlace(f: FunctionBuilder, base: number, index: number, dtype: DType): FunctionBuilder {
  return f.get(base).get(index).i32Const(bytesOf(dtype)).op('i32.mul').op('i32.add');
}
