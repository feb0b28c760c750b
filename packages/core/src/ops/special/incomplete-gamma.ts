import { alias } from '../../arguments/composition.ts';
import { refuseExcess } from '../../arguments/index.ts';
import { E, type Expr } from '../../kernels/index.ts';
import { isOfClass, type Tensor } from '../../tensor.ts';
import { binary, runInPlace } from '../elementwise/define.ts';
import { floatsOnly } from '../elementwise/dtype-checks.ts';
import { applyBinary, type BinaryFunction, type Operand } from '../elementwise/operation.ts';
import { refusesGradient, refusesGradientInPlace } from '../views/underived.ts';

/** A regularised incomplete gamma function: there is no derivative to its first operand. */
function incomplete(name: 'igamma' | 'igammac') {
  const plain: BinaryFunction = binary(name, (a: Expr, x: Expr) => E.call(name, a, x), {
    check: floatsOnly(name),
  });
  const { op } = plain;
  return {
    plain: Object.assign(
      function (a: Operand, x: Operand): Tensor {
        if (arguments.length > 2) refuseExcess(name, ['a', 'x'], arguments);
        return applyBinary(op, refusesGradient(a, `${name}: input`), x);
      },
      { op },
    ),
    inPlace: alias(`${name}_`, function (a: Tensor, x: Operand): Tensor {
      if (arguments.length > 2) refuseExcess(`${name}_`, ['a', 'x'], arguments);
      const target = isOfClass(a) ? refusesGradientInPlace(a, `${name}: input`) : a;
      return runInPlace({ op, operands: [target, x] });
    }),
  };
}
const lower = incomplete('igamma');
const upper = incomplete('igammac');

/**
 * The lower incomplete gamma function, regularised: 1/Γ(a) times the integral of tᵃ⁻¹ e⁻ᵗ from 0 to x, broadcast; NaN
 * where either is negative. Follows `torch.igamma`.
 * @throws DTypeError when no operand is of a floating dtype
 * @throws AutogradError in the backward pass, where `a` requires grad: there is no derivative to it
 * @example igamma(tensor([4.5]), tensor([3, 4])); // tensor([0.2601, 0.4659])
 */
export const igamma: BinaryFunction = lower.plain;
/** {@link igamma} in place. */
export const igamma_ = lower.inPlace;
/**
 * The upper incomplete gamma function, regularised: 1 - igamma(a, x), of full accuracy where that is small. Follows
 * `torch.igammac`.
 * @throws DTypeError, AutogradError as {@link igamma}
 * @example igammac(tensor([4.5]), tensor([3, 4])); // tensor([0.7399, 0.5341])
 */
export const igammac: BinaryFunction = upper.plain;
/** {@link igammac} in place. */
export const igammac_ = upper.inPlace;

/** The functions of this file that are methods too. */
export default { igamma, igamma_, igammac, igammac_ };
