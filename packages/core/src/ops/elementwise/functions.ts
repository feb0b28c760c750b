import { alias } from '../../arguments/composition.ts';
import { K, refuseExcess } from '../../arguments/index.ts';
import { E, type Expr } from '../../kernels/index.ts';
import { isOfClass, requireTensors, type Tensor } from '../../tensor.ts';
import { checkOptions, inPlace, inPlaceCall, type Resolve, run, unary } from './define.ts';
import { refuseBools } from './dtype-checks.ts';
import { ElementwiseOp, type ElementwiseSpec, type UnaryFunction } from './operation.ts';

/** A function of real numbers: integers become float32. */
const float = (
  name: string,
  f: (x: Expr) => Expr,
  gradient?: NonNullable<ElementwiseSpec['gradient']>,
): UnaryFunction =>
  unary(name, f, gradient === undefined ? { dtype: 'float' } : { dtype: 'float', gradient });

/**
 * |x|; the subgradient at 0 is 0. Follows `torch.abs`.
 * @throws DTypeError when x is bool
 * @example abs(tensor([-1, 2])); // tensor([1, 2])
 */
export const abs = unary('abs', E.abs, { check: refuseBools('abs') });
/** -1, 0 or 1; 0 of NaN. Follows `torch.sign`. */
export const sign = unary('sign', E.sign);
/**
 * x²; of a bool tensor as int32. Follows `torch.square`.
 * @example square(tensor([1, -3])); // tensor([1, 9])
 */
export const square = unary('pow', E.square, { dtype: 'number', caller: 'square' });
const checkPositive = refuseBools('positive');
/**
 * x itself. Follows `torch.positive`.
 * @throws DTypeError when x is bool
 */
export function positive(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExcess('positive', ['x'], arguments);
  if (!isOfClass(x)) requireTensors('positive', x);
  checkPositive(x.dtype);
  return x;
}

/**
 * √x, NaN below 0. Follows `torch.sqrt`.
 * @example sqrt(tensor([4, 2])); // tensor([2.0000, 1.4142])
 */
export const sqrt = float('sqrt', E.sqrt);
/** 1/√x. Follows `torch.rsqrt`. */
export const rsqrt = float(
  'rsqrt',
  (x) => E.div(1, E.sqrt(x)),
  ({ g, y }) => [E.mul(E.mul(-0.5, g), E.mul(y, E.mul(y, y)))],
);
/** 1/x. Follows `torch.reciprocal`. */
export const reciprocal = float('reciprocal', E.reciprocal, ({ g, y }) => [E.mul(E.neg(g), E.mul(y, y))]);
/**
 * eˣ. Follows `torch.exp`.
 * @example exp(tensor([0, 1])); // tensor([1.0000, 2.7183])
 */
export const exp = float('exp', E.exp);
/** 2ˣ. Follows `torch.exp2`. */
export const exp2 = float('exp2', E.exp2);
/** eˣ - 1, accurate near 0. Follows `torch.expm1`. */
export const expm1 = float('expm1', E.expm1);
/**
 * The natural logarithm, NaN below 0. Follows `torch.log`.
 * @example log(tensor([1, Math.E])); // tensor([0., 1.])
 */
export const log = float('log', E.log);
/** The logarithm to base 2. Follows `torch.log2`. */
export const log2 = float('log2', E.log2);
/** The logarithm to base 10. Follows `torch.log10`. */
export const log10 = float('log10', E.log10);
/** log(1 + x), accurate near 0. Follows `torch.log1p`. */
export const log1p = float('log1p', E.log1p);
/** Sine, of radians. Follows `torch.sin`. */
export const sin = float('sin', E.sin);
/** Cosine, of radians. Follows `torch.cos`. */
export const cos = float('cos', E.cos);
/** Tangent, of radians. Follows `torch.tan`. */
export const tan = float('tan', E.tan);
/** Inverse sine, in radians. Follows `torch.asin`. */
export const asin = float('asin', E.asin);
/** Inverse cosine, in radians. Follows `torch.acos`. */
export const acos = float('acos', E.acos);
/** Inverse tangent, in radians. Follows `torch.atan`. */
export const atan = float('atan', E.atan);
/** Hyperbolic sine. Follows `torch.sinh`. */
export const sinh = float('sinh', E.sinh);
/** Hyperbolic cosine. Follows `torch.cosh`. */
export const cosh = float('cosh', E.cosh);
/**
 * Hyperbolic tangent. Follows `torch.tanh`.
 * @example tanh(tensor([0, 1])); // tensor([0.0000, 0.7616])
 */
export const tanh = float('tanh', E.tanh);
/** Inverse hyperbolic sine. Follows `torch.asinh`. */
export const asinh = float('asinh', E.asinh);
/** Inverse hyperbolic cosine. Follows `torch.acosh`. */
export const acosh = float('acosh', E.acosh);
/** Inverse hyperbolic tangent. Follows `torch.atanh`. */
export const atanh = float('atanh', E.atanh);
/**
 * 1 / (1 + e⁻ˣ). Follows `torch.sigmoid`.
 * @example sigmoid(tensor([0, 2])); // tensor([0.5000, 0.8808])
 */
export const sigmoid = float('sigmoid', E.sigmoid);

const oddsOf = (x: Expr): Expr => E.div(x, E.sub(1, x));
const logitSlope = (g: Expr, x: Expr): Expr => E.div(g, E.mul(x, E.sub(1, x)));

const isWithin = (x: Expr, low: Expr, high: Expr): Expr => E.and(E.ge(x, low), E.le(x, high));

/**
 * The second gradients of PyTorch, whose composition has NaN where there is none and 0 is multiplied by what is not
 * finite.
 */
function logitSecond(h: Expr, g: Expr, x: Expr, low: Expr, high: Expr): [Expr, Expr] {
  const inside = E.select(isWithin(x, low, high), h, 0);
  const d = E.mul(x, E.sub(1, x));
  const byProduct = E.neg(E.mul(inside, E.div(E.div(g, d), d)));
  return [E.div(inside, d), E.sub(E.mul(byProduct, E.sub(1, x)), E.mul(byProduct, x))];
}

const plainLogit = unary('logit', (x) => E.log(oddsOf(x)), {
  dtype: 'float',
  gradient: ({ g }, x) => [E.select(isWithin(x, E.constant(0), E.constant(1)), logitSlope(g, x), Number.NaN)],
  second: ({ h, g }, x) => [logitSecond(h, g, x, E.constant(0), E.constant(1))],
});

/** The lower bound comes first, so that eps above a half means something, as in PyTorch. */
const clampedLogit = new ElementwiseOp({
  name: 'logit',
  arity: 1,
  dtype: 'float',
  expression(x, eps) {
    const high = E.sub(1, eps);
    return E.log(oddsOf(E.select(E.lt(x, eps), eps, E.select(E.gt(x, high), high, x))));
  },
  gradient: ({ g }, x, eps) => [E.select(isWithin(x, eps, E.sub(1, eps)), logitSlope(g, x), 0)],
  second: ({ h, g }, x, eps) => [logitSecond(h, g, x, eps, E.sub(1, eps))],
});

const logitOptions = K.options<LogitOptions>({ eps: K.nullable(K.number) });

const logitOf: Resolve<[x: Tensor, options?: LogitOptions]> = (caller, x, options) => {
  checkOptions(caller, logitOptions, options, x);
  const eps = options?.eps ?? null;
  return eps === null
    ? { op: plainLogit.op, operands: [x] }
    : { op: clampedLogit, operands: [x], params: [eps] };
};

/** Options of {@link logit}. */
export interface LogitOptions {
  /**
   * x is first clamped: below eps to it, else above 1 - eps to that. Default: it is not, and x outside [0, 1] gives
   * NaN.
   */
  readonly eps?: number | null;
}

/**
 * log(x / (1 - x)): the inverse of {@link sigmoid}. Follows `torch.logit`.
 * @example logit(tensor([0.5, 0.75])); // tensor([0.0000, 1.0986])
 */
export function logit(x: Tensor, options?: LogitOptions): Tensor {
  if (arguments.length > 2) refuseExcess('logit', ['x', 'options'], arguments);
  return run(logitOf('logit', x, options));
}
/** The error function. Follows `torch.erf`. */
export const erf = float('erf', E.erf);
/** 1 - erf(x), accurate for large x. Follows `torch.erfc`. */
export const erfc = float('erfc', E.erfc);
/** The inverse of erf. Follows `torch.erfinv`. */
export const erfinv = float('erfinv', E.erfinv);
/** log |Γ(x)|. Follows `torch.lgamma`. */
export const lgamma = float('lgamma', E.lgamma);
/** The logarithmic derivative of Γ. Follows `torch.digamma`. */
export const digamma = float('digamma', E.digamma);

/**
 * max(x, 0); the subgradient at 0 is 0, NaN stays. Follows `torch.relu`.
 * @throws DTypeError when x is bool
 * @example relu(tensor([-1, 2])); // tensor([0, 2])
 */
export const relu = unary('relu', (x) => E.pmax(x, 0), {
  gradient: ({ g, y }) => [E.select(E.le(y, 0), 0, g)],
  check: refuseBools('relu'),
});

/** Another name of {@link abs}. */
export const absolute = alias('absolute', abs);
/** {@link abs} in place. */
export const abs_ = inPlace(abs);
/** {@link sign} in place. */
export const sign_ = inPlace(sign);
/** {@link square} in place. */
export const square_ = inPlace(square);
/** {@link sqrt} in place. */
export const sqrt_ = inPlace(sqrt);
/** {@link rsqrt} in place. */
export const rsqrt_ = inPlace(rsqrt);
/** {@link reciprocal} in place. */
export const reciprocal_ = inPlace(reciprocal);
/** {@link exp} in place. */
export const exp_ = inPlace(exp);
/** {@link exp2} in place. */
export const exp2_ = inPlace(exp2);
/** {@link expm1} in place. */
export const expm1_ = inPlace(expm1);
/** {@link log} in place. */
export const log_ = inPlace(log);
/** {@link log2} in place. */
export const log2_ = inPlace(log2);
/** {@link log10} in place. */
export const log10_ = inPlace(log10);
/** {@link log1p} in place. */
export const log1p_ = inPlace(log1p);
/** {@link sin} in place. */
export const sin_ = inPlace(sin);
/** {@link cos} in place. */
export const cos_ = inPlace(cos);
/** {@link tan} in place. */
export const tan_ = inPlace(tan);
/** {@link asin} in place. */
export const asin_ = inPlace(asin);
/** {@link acos} in place. */
export const acos_ = inPlace(acos);
/** {@link atan} in place. */
export const atan_ = inPlace(atan);
/** {@link sinh} in place. */
export const sinh_ = inPlace(sinh);
/** {@link cosh} in place. */
export const cosh_ = inPlace(cosh);
/** {@link tanh} in place. */
export const tanh_ = inPlace(tanh);
/** {@link asinh} in place. */
export const asinh_ = inPlace(asinh);
/** {@link acosh} in place. */
export const acosh_ = inPlace(acosh);
/** {@link atanh} in place. */
export const atanh_ = inPlace(atanh);
/** {@link sigmoid} in place. */
export const sigmoid_ = inPlace(sigmoid);
/** {@link logit} in place. */
export const logit_ = inPlaceCall('logit_', logitOf, ['x', 'options']);
/** {@link erf} in place. */
export const erf_ = inPlace(erf);
/** {@link erfc} in place. */
export const erfc_ = inPlace(erfc);
/** {@link erfinv} in place. */
export const erfinv_ = inPlace(erfinv);
/** {@link lgamma} in place. */
export const lgamma_ = inPlace(lgamma);
/** {@link digamma} in place. */
export const digamma_ = inPlace(digamma);
/** {@link relu} in place. */
export const relu_ = inPlace(relu);
