import { build, type Expr, type Operand } from '../expression/node.ts';
import { stridedOver } from '../strided/index.ts';
import { hasRelaxedSimd, once } from '../wasm/index.ts';
import { ElementwiseKernel, runElementwise } from './elementwise.ts';

/** a * b + c of float lanes, rounded once where {@link roundsOnce}. Only for kernels that ask. */
export const productAnd = (a: Operand, b: Operand, c: Operand): Expr => build('madd', a, b, c);

/** Whether the machine rounds {@link productAnd} once, in lanes of float32. */
export const roundsOnce = once((): boolean => hasRelaxedSimd && fuses());

function fuses(): boolean {
  const kernel = new ElementwiseKernel('fuses', 1, (x, sum) => productAnd(x, x, sum));
  // The square has one bit more than float32, which is all that is left.
  const [x, out] = [new Float32Array(8).fill(1 + 2 ** -12), new Float32Array(8)];
  runElementwise(
    kernel,
    'f32',
    [stridedOver(x, 'float32', [8])],
    [-1 - 2 ** -11],
    stridedOver(out, 'float32', [8]),
  );
  return out.every((left) => left === 2 ** -24);
}
