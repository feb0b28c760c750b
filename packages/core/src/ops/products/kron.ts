import { composition, K } from '../../arguments/index.ts';
import type { Tensor } from '../../tensor.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { reshape } from '../views/shape.ts';

/**
 * Kronecker's product: each element of a, times all of b, of shape (a₁ b₁, a₂ b₂, ...); the one with fewer dimensions
 * gets dimensions of size 1 in front. Follows `torch.kron`.
 * @example kron(tensor([1, 10]), tensor([1, 2])); // tensor([ 1,  2, 10, 20])
 */
export const kron = composition('kron', { a: K.tensor, b: K.tensor }, (a: Tensor, b: Tensor): Tensor => {
  const rank = Math.max(a.ndim, b.ndim);
  const padded = (x: Tensor): number[] => [...new Array<number>(rank - x.ndim).fill(1), ...x.shape];
  const [first, second] = [padded(a), padded(b)];
  const left = reshape(
    a,
    first.flatMap((size) => [size, 1]),
  );
  const right = reshape(
    b,
    second.flatMap((size) => [1, size]),
  );
  return reshape(
    mul(left, right),
    first.map((size, d) => size * (second[d] ?? 1)),
  );
});

/** The functions of this file that are methods too. */
export default { kron };
