/**
 * PyTorch's `torch.signal.windows`: the shapes by which pieces of a signal are weighted before their spectrum is taken.
 */
import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { creationKinds, dtypeOf } from '../creation/arguments.ts';
import { empty, ones } from '../creation/fill.ts';
import { tensor } from '../creation/from-data.ts';
import type { CreationOptions } from '../creation/options.ts';
import { arange, linspace } from '../creation/ranges.ts';
import { div, mul, neg, rsub, sub } from '../elementwise/arithmetic.ts';
import { abs, cos, exp, sin, sqrt, square } from '../elementwise/functions.ts';
import { sum } from '../reductions/sum.ts';
import { i0 } from '../special/functions.ts';
import { unsqueeze } from '../views/shape.ts';

/** Options of every window. */
export interface WindowOptions extends CreationOptions {
  /** Whether the window is symmetric, as filters are; if not, it is one period, as spectra ask for. Default: true. */
  readonly sym?: boolean;
}

const windowKinds: K.Kinds<WindowOptions> = { ...creationKinds, sym: K.flag };

/**
 * A window of `m` points with options `O`, of which `shape` makes the numbers where there is more to it than 0 or 1.
 */
function windowOf<O extends WindowOptions>(
  name: string,
  kinds: K.Kinds<O>,
  shape: (m: number, sym: boolean, options: Partial<O>, made: CreationOptions) => Tensor,
  oneIsOne = true,
): (m: number, options?: O) => Tensor {
  return composition(
    `signal.windows.${name}`,
    { m: K.integer, options: K.options<O>(kinds) },
    (m: number, options?: O): Tensor => {
      if (m < 0) throw new ValueError(`requires non-negative window length, got m = ${m}`);
      const given: Partial<O> = options ?? {};
      const dtype = dtypeOf(options, name);
      if (!isFloatingPoint(dtype)) throw new DTypeError(`expects float32 or float64 dtypes, got ${dtype}`);
      const made = { dtype, requiresGrad: given.requiresGrad ?? false };
      // Refuses the options of an empty window, too.
      const { sym = true } = given;
      const points = shape(Math.max(m, oneIsOne ? 2 : 1), sym, given, made);
      if (m === 0) return empty(0, made);
      return m === 1 && oneIsOne ? ones(1, made) : points;
    },
  );
}

/** The number of steps from the first point to the last, which lies beyond the window where that is one period. */
const stepsOf = (m: number, sym: boolean): number => (sym || m === 1 ? m - 1 : m);

/** Options of {@link exponential}. */
export interface ExponentialWindowOptions extends WindowOptions {
  /** Where the greatest value lies, in points; only of windows that are not symmetric. Default: the middle. */
  readonly center?: number;
  /** After how many points the window falls by e. Default: 1. */
  readonly tau?: number;
}

/**
 * e^-|n - center| / tau. Follows `torch.signal.windows.exponential`.
 * @throws ValueError when m is negative, `tau` not positive, or `center` given of a symmetric window
 * @throws DTypeError for a dtype that is not floating point, as of all windows
 * @example signal.windows.exponential(3); // tensor([0.3679, 1.0000, 0.3679])
 */
export const exponential = /* @__PURE__ */ windowOf<ExponentialWindowOptions>(
  'exponential',
  { ...windowKinds, center: K.number, tau: K.number },
  (m, sym, { center, tau = 1 }, made) => {
    if (tau <= 0) throw new ValueError(`tau must be positive, got ${tau}`);
    if (sym && center !== undefined) throw new ValueError('center must not be given of symmetric windows');
    const middle = center ?? stepsOf(m, sym) / 2;
    return exp(neg(abs(linspace(-middle / tau, (m - 1 - middle) / tau, m, made))));
  },
  false,
);

/**
 * Half a wave: sin(π (n + ½) / m). Follows `torch.signal.windows.cosine`.
 * @throws ValueError when m is negative
 * @example signal.windows.cosine(3); // tensor([0.5000, 1.0000, 0.5000])
 */
export const cosine = /* @__PURE__ */ windowOf<WindowOptions>(
  'cosine',
  windowKinds,
  (m, sym, _, made) => {
    const step = Math.PI / (stepsOf(m, sym) + 1);
    return sin(linspace(0.5 * step, (0.5 + (m - 1)) * step, m, made));
  },
  false,
);

/** Options of {@link gaussian}. */
export interface GaussianWindowOptions extends WindowOptions {
  /** The standard deviation, in points. Default: 1. */
  readonly std?: number;
}

/**
 * e^-½ ((n - middle) / std)². Follows `torch.signal.windows.gaussian`.
 * @throws ValueError when m is negative, or `std` not positive
 * @example signal.windows.gaussian(3); // tensor([0.6065, 1.0000, 0.6065])
 */
export const gaussian = /* @__PURE__ */ windowOf<GaussianWindowOptions>(
  'gaussian',
  { ...windowKinds, std: K.number },
  (m, sym, { std = 1 }, made) => {
    if (std <= 0) throw new ValueError(`std must be positive, got ${std}`);
    const start = -stepsOf(m, sym) / 2;
    const scale = 1 / (std * Math.SQRT2);
    return exp(neg(square(linspace(start * scale, (start + (m - 1)) * scale, m, made))));
  },
  false,
);

/** Options of {@link kaiser}. */
export interface KaiserWindowOptions extends WindowOptions {
  /** How narrow the window is: 0 is constant. Default: 12. */
  readonly beta?: number;
}

/**
 * I₀(β √(1 - t²)) / I₀(β), t from -1 to 1. Follows `torch.signal.windows.kaiser`.
 * @throws ValueError when m or `beta` is negative
 * @example signal.windows.kaiser(3, { beta: 2 }); // tensor([0.4387, 1.0000, 0.4387])
 */
export const kaiser = /* @__PURE__ */ windowOf<KaiserWindowOptions>(
  'kaiser',
  { ...windowKinds, beta: K.number },
  (m, sym, { beta = 12 }, made) => {
    if (beta < 0) throw new ValueError(`beta must be non-negative, got ${beta}`);
    // All in the dtype, as k is: of a β that is not rounded the square may be less than that of the last k.
    const round = made.dtype === 'float32' ? Math.fround : Number;
    const widest = round(beta);
    const step = round((2 * widest) / stepsOf(m, sym));
    const end = Math.min(widest, round(round((m - 1) * step) - widest));
    const k = linspace(-widest, end, m, made);
    const ofEnds = tensor(widest, { dtype: k.dtype });
    return div(i0(sqrt(sub(square(ofEnds), square(k)))), i0(ofEnds));
  },
);

/** Σ (-1)ⁱ aᵢ cos(2π i n / (m - 1)). */
function cosines(m: number, sym: boolean, a: readonly number[], made: CreationOptions): Tensor {
  if (a.length === 0) throw new ValueError('coefficients cannot be empty');
  const k = linspace(0, ((m - 1) * 2 * Math.PI) / stepsOf(m, sym), m, made);
  const weights = tensor(
    a.map((w, i) => (i % 2 === 0 ? w : -w)),
    made,
  );
  const order = arange(a.length, made);
  return sum(mul(unsqueeze(weights, -1), cos(mul(unsqueeze(order, -1), k))), 0);
}

const ofCosines = (name: string, a: readonly number[]): ((m: number, options?: WindowOptions) => Tensor) =>
  windowOf<WindowOptions>(name, windowKinds, (m, sym, _, made) => cosines(m, sym, a, made));

/** Options of {@link generalCosine}. */
export interface GeneralCosineOptions extends WindowOptions {
  /** The weights of the cosines, with the constant first. */
  readonly a: readonly number[];
}

/**
 * A sum of cosines, Σ (-1)ⁱ aᵢ cos(2π i n / (m - 1)). Follows `torch.signal.windows.general_cosine`.
 * @throws ValueError when m is negative, or `a` empty or missing
 * @example signal.windows.generalCosine(3, { a: [0.5, 0.5] }); // tensor([0., 1., 0.])
 */
export const generalCosine = /* @__PURE__ */ windowOf<GeneralCosineOptions>(
  'generalCosine',
  { ...windowKinds, a: K.listOf(K.number) },
  (m, sym, { a = [] }, made) => cosines(m, sym, a, made),
);

/** Options of {@link generalHamming}. */
export interface GeneralHammingOptions extends WindowOptions {
  /** The constant; the cosine has 1 - alpha. Default: 0.54. */
  readonly alpha?: number;
}

/**
 * alpha - (1 - alpha) cos(2π n / (m - 1)). Follows `torch.signal.windows.general_hamming`.
 * @throws ValueError when m is negative
 */
export const generalHamming = /* @__PURE__ */ windowOf<GeneralHammingOptions>(
  'generalHamming',
  { ...windowKinds, alpha: K.number },
  (m, sym, { alpha = 0.54 }, made) => cosines(m, sym, [alpha, 1 - alpha], made),
);

/**
 * 0.54 - 0.46 cos(2π n / (m - 1)). Follows `torch.signal.windows.hamming`.
 * @throws ValueError when m is negative
 * @example signal.windows.hamming(3); // tensor([0.0800, 1.0000, 0.0800])
 */
export const hamming = /* @__PURE__ */ ofCosines('hamming', [0.54, 1 - 0.54]);
/**
 * ½ - ½ cos(2π n / (m - 1)). Follows `torch.signal.windows.hann`.
 * @throws ValueError when m is negative
 * @example signal.windows.hann(3); // tensor([0., 1., 0.])
 */
export const hann = /* @__PURE__ */ ofCosines('hann', [0.5, 0.5]);
/**
 * 0.42 - 0.5 cos(2π n / (m - 1)) + 0.08 cos(4π n / (m - 1)). Follows `torch.signal.windows.blackman`.
 * @throws ValueError when m is negative
 */
export const blackman = /* @__PURE__ */ ofCosines('blackman', [0.42, 0.5, 0.08]);
/**
 * Nuttall's sum of four cosines. Follows `torch.signal.windows.nuttall`.
 * @throws ValueError when m is negative
 */
export const nuttall = /* @__PURE__ */ ofCosines('nuttall', [0.3635819, 0.4891775, 0.1365995, 0.0106411]);

/**
 * A triangle, 1 - |2n / (m - 1) - 1|. Follows `torch.signal.windows.bartlett`.
 * @throws ValueError when m is negative
 * @example signal.windows.bartlett(3); // tensor([0., 1., 0.])
 */
export const bartlett = /* @__PURE__ */ windowOf<WindowOptions>(
  'bartlett',
  windowKinds,
  (m, sym, _, made) => {
    const step = 2 / stepsOf(m, sym);
    return rsub(abs(linspace(-1, -1 + (m - 1) * step, m, made)), 1);
  },
);
