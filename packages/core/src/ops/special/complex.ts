/** What PyTorch's functions of complex numbers give of real ones, so that programs written for both run. */
import { composition, K } from '../../arguments/index.ts';
import { E } from '../../kernels/index.ts';
import type { Tensor } from '../../tensor.ts';
import { inPlace, unary } from '../elementwise/define.ts';
import type { UnaryFunction } from '../elementwise/operation.ts';

/**
 * The sign, which is x / |x| of a complex number: -1, 0 or 1; 0 of NaN. Follows `torch.sgn`.
 * @example sgn(tensor([-3, 0])); // tensor([-1,  0])
 */
export const sgn: UnaryFunction = unary('sgn', E.sign);
/** {@link sgn} in place. */
export const sgn_ = inPlace(sgn);

/**
 * The angle to the positive axis: 0, of negative numbers π, of NaN NaN. Follows `torch.angle`.
 * @example angle(tensor([2, -2])); // tensor([0.0000, 3.1416])
 */
export const angle: UnaryFunction = unary(
  'angle',
  (x) => E.select(E.lt(x, 0), Math.PI, E.select(E.isNaN(x), x, 0)),
  { dtype: 'float', gradient: () => [E.constant(0)] },
);

/** Whether the imaginary part is 0: true of every real number. Follows `torch.isreal`. */
export const isreal: UnaryFunction = unary('isreal', (x) => E.or(E.eq(x, x), E.ne(x, x)), {
  dtype: 'bool',
  gradient: false,
});

const itself = (name: string) => /* @__PURE__ */ composition(name, { x: K.tensor }, (x: Tensor): Tensor => x);

/** The real part of x: x itself. Follows `torch.real`. */
export const real = /* @__PURE__ */ itself('real');
/** The complex conjugate: x itself, as it is real. Follows `torch.conj`. */
export const conj = /* @__PURE__ */ itself('conj');
/** The complex conjugate, written out: x itself, as it is real. Follows `torch.conj_physical`. */
export const conjPhysical = /* @__PURE__ */ itself('conjPhysical');
/** x, written out if it were a conjugate that is only marked: x itself. Follows `torch.resolve_conj`. */
export const resolveConj = /* @__PURE__ */ itself('resolveConj');
/** x, written out if it were a negative that is only marked: x itself. Follows `torch.resolve_neg`. */
export const resolveNeg = /* @__PURE__ */ itself('resolveNeg');

/** The functions of this file that are methods too. */
export default { sgn, sgn_, angle, isreal, conj, conjPhysical, resolveConj, resolveNeg };
