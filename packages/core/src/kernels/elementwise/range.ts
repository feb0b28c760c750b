import { laneOf } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { and, ge, gt, le, lt, not, or } from '../expression/index.ts';
import { recordCall, recorder } from '../recording/index.ts';
import { type Strided, stridedOver } from '../strided/index.ts';
import { i32Params, ModuleBuilder, once } from '../wasm/index.ts';
import { elementsOf } from './copy.ts';
import { ElementwiseKernel, runElementwise } from './elementwise.ts';

const outside = new ElementwiseKernel('outside', 1, (x, least, most) => or(lt(x, least), gt(x, most)));
const notWithin = new ElementwiseKernel('not_within', 1, (x, least, most) =>
  not(and(ge(x, least), le(x, most))),
);

interface TruthKernel {
  /** 1 where one of `count` bytes at an address is not 0, else 0. */
  anyTrue(count: number, address: number): number;
}

/** The kernel, made when first needed. */
const truthKernel = once((): TruthKernel => {
  const module = new ModuleBuilder();
  module.define({ export: 'anyTrue', result: 'i32' }, i32Params('count', 'address'), (f, p) => {
    for (const [bytes, isTrue] of [
      [16, () => f.get(p.address).load('v128.load').op('v128.any_true')],
      [1, () => f.get(p.address).load('i32.load8_u')],
    ] as const) {
      f.countdown(p.count, bytes, () => {
        isTrue();
        f.if();
        f.i32Const(1).return();
        f.end();
        f.bump(p.address, { bytes });
      });
    }
    f.i32Const(0);
  });
  return module.instantiate<TruthKernel>();
});

/**
 * Whether an element is below `least` or above `most`, or is NaN, where `nan` says that this counts; for kernels, which
 * refuse what holds such. Where a call is being compiled nothing does: the program looks, and gives the word to the
 * kernel if so. Kindling's own.
 */
export function holdsOutside(x: Strided, least: number, most: number, nan = false): boolean {
  if (recorder === null) {
    const elements = elementsOf(x);
    for (const value of elements) {
      if (value < least || value > most || (nan && Number.isNaN(value))) return true;
    }
    return false;
  }
  const found = stridedOver(allocateArray('bool', x.count), 'bool', x.shape);
  const lane = laneOf(x.dtype);
  const bounds = lane === 'f32' ? [leastFloat32(least), -leastFloat32(-most)] : [least, most];
  runElementwise(nan ? notWithin : outside, lane, [x], bounds, found);
  recordCall(
    'any_true',
    truthKernel().anyTrue as (...args: number[]) => number,
    [x.count, found.storage.array],
    {
      reads: [found.storage.array],
      writes: [],
      checks: true,
    },
  );
  return false;
}

/** The least float32 from `bound` on: rounded to the nearest, a bound may let in what lies outside. */
function leastFloat32(bound: number): number {
  const nearest = Math.fround(bound);
  if (nearest >= bound || Number.isNaN(bound)) return nearest;
  if (nearest === 0) return 2 ** -149;
  // The numbers of one sign lie in the order of their bits.
  const bits = new Int32Array(Float32Array.of(nearest).buffer);
  bits[0] = (bits[0] as number) + Math.sign(nearest);
  return new Float32Array(bits.buffer)[0] as number;
}
