import { backward, type BackwardOptions } from './autograd/engine.ts';
import * as arithmetic from './ops/arithmetic.ts';
import * as compare from './ops/compare.ts';
import * as convert from './ops/convert.ts';
import * as copy from './ops/copy.ts';
import { applyElementwiseInPlace, type ElementwiseOp, type Operand } from './ops/elementwise.ts';
import * as math from './ops/math.ts';
import * as matmul from './ops/matmul.ts';
import * as random from './ops/random.ts';
import { sum } from './ops/sum.ts';
import * as views from './ops/views.ts';
import { Tensor } from './tensor.ts';

/** A function of a tensor as that tensor's method. */
type Method<F> = F extends (x: Tensor, ...args: infer A) => infer R ? (...args: A) => R : never;
type MethodsOf<T> = { [K in keyof T]: Method<T[K]> };

/** The in-place form of an elementwise function. */
const inPlace1 = (f: { op: ElementwiseOp }) => (x: Tensor) => applyElementwiseInPlace(f.op, [x]);
const inPlace2 = (f: { op: ElementwiseOp }) => (x: Tensor, other: Operand) => applyElementwiseInPlace(f.op, [x, other]);

/** Every operation that is also a method: the tensor is its first argument. */
const table = {
  add: arithmetic.add,
  sub: arithmetic.sub,
  mul: arithmetic.mul,
  div: arithmetic.div,
  exp: math.exp,
  exp_: inPlace1(math.exp),
  sum,
};

export type TensorMethods = MethodsOf<typeof table>;

for (const [name, f] of Object.entries(table) as [string, (x: Tensor, ...args: unknown[]) => unknown][]) {
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Tensor, a?: unknown, b?: unknown, c?: unknown, d?: unknown) {
      return f(this, a, b, c, d);
    },
  });
}
