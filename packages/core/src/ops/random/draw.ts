/** How random numbers are drawn: the distributions by name, and draws as plain data. */
import type { DType, TypedArray } from '../../dtype.ts';
import {
  computeWide,
  elementsOf,
  type Strided,
  scatterStrided,
  stridedOver,
  worksInJavaScript,
} from '../../kernels/index.ts';
import { fillBinomial, fillPoisson } from '../../random/counts.ts';
import * as fills from '../../random/distributions.ts';
import type { Generator } from '../../random/generator.ts';
import { fillRandom, fillRandomInt, fillRandperm } from '../../random/integers.ts';
import type { Tensors } from '../../record/index.ts';
import { allocateArray } from '../../storage.ts';
import { Tensor } from '../../tensor.ts';
import { floatsOnly, refuseBools } from '../elementwise/dtype-checks.ts';

type Floats = fills.FloatArray;
/** A parameter of a distribution: one number for all elements, or one for each. */
type Parameter = number | Floats;

interface Way {
  readonly generator: Generator;
  readonly dtype: DType;
  /**
   * Whether the elements lie in row-major order without gaps: PyTorch has another algorithm for normal numbers then.
   */
  readonly contiguous: boolean;
}

/** The distributions by name: each fills an array from front to back. */
const distributions = {
  uniform: (out: Floats, { generator }: Way, from: number, to: number) =>
    fills.fillUniform(out, from, to, generator),
  normal: (out: Floats, way: Way, mean: Parameter, std: Parameter) =>
    typeof mean === 'number' && typeof std === 'number'
      ? fills.fillNormal(out, mean, std, way.generator, way)
      : fills.fillNormalFrom(out, mean, std, way.generator),
  logNormal: (out: Floats, { generator }: Way, mean: number, std: number) =>
    fills.fillLogNormal(out, mean, std, generator),
  exponential: (out: Floats, { generator }: Way, rate: number) => fills.fillExponential(out, rate, generator),
  cauchy: (out: Floats, { generator }: Way, median: number, sigma: number) =>
    fills.fillCauchy(out, median, sigma, generator),
  geometric: (out: TypedArray, { generator }: Way, p: number) =>
    computeWide(out, (wide) => fills.fillGeometric(wide, p, generator)),
  bernoulli: (out: TypedArray, { generator }: Way, p: Parameter) =>
    typeof p === 'number'
      ? fills.fillBernoulli(out, p, generator)
      : fills.fillBernoulliFrom(out, p, generator),
  poisson: (out: Floats, { generator }: Way, rates: Parameter) =>
    fillPoisson(out, rates as Floats, generator),
  binomial: (out: Floats, { generator }: Way, trials: Parameter, p: Parameter) =>
    fillBinomial(out, trials as Floats, p as Floats, generator),
  dropout: (out: Floats, { generator }: Way, p: number) => fills.fillDropoutMask(out, p, generator),
  integers: (out: TypedArray, { generator, dtype }: Way, low: number, high: number) =>
    fillRandomInt(out, dtype, low, high, generator),
  anyIntegers: (out: TypedArray, { generator, dtype }: Way) => fillRandom(out, dtype, generator),
  permutation: (out: TypedArray, { generator, dtype }: Way) => fillRandperm(out, dtype, generator),
};

export type Distribution = keyof typeof distributions;

/** Distributions of whole numbers, and whether bools, too, can hold them; floats alone hold those of the others. */
const whole: { readonly [D in Distribution]?: 'bools too' | 'no bools' } = {
  bernoulli: 'bools too',
  integers: 'bools too',
  anyIntegers: 'bools too',
  // Its callers say of what it would be.
  dropout: 'bools too',
  geometric: 'no bools',
  permutation: 'no bools',
};

/** Refuses a dtype that does not hold what is drawn, or in which a tensor cannot say with what parameters. */
function checkDTypes(caller: string, distribution: Distribution, dtype: DType, parameters: Tensors): void {
  const holds = whole[distribution];
  if (holds === undefined)
    floatsOnly(caller, (of) => `not implemented for ${of}; use float32 or float64`)(dtype);
  else if (holds === 'no bools') refuseBools(caller, 'not implemented for bool')(dtype);
  for (const x of parameters)
    floatsOnly(caller, (of) => `expected probabilities of a float dtype, got ${of}`)(x.dtype);
}

/**
 * What the caller gives for the parameters of a distribution: a tensor, where it may, for one number for each element.
 */
export type Parameters<D extends Distribution> = (typeof distributions)[D] extends (
  out: never,
  way: never,
  ...parameters: infer P
) => void
  ? { readonly [I in keyof P]: P[I] extends number ? number : number | Tensor }
  : never;

/** A draw as plain data, so that an observer can tell and repeat it. */
export interface Draw {
  readonly distribution: Distribution;
  /** `null` stands for a parameter that is a tensor, of the shape of the result: those are inputs, in order. */
  readonly parameters: readonly (number | null)[];
  /** The dimensions in whose order elements are drawn, slowest first; `null` for row-major order. */
  readonly order: readonly number[] | null;
  readonly generator: Generator;
}

/**
 * A draw for a tensor of a dtype, and the tensors among its parameters.
 * @throws DTypeError where the dtype does not hold what is drawn, or a parameter is no float
 */
export function drawOf<D extends Distribution>(
  caller: string,
  distribution: D,
  dtype: DType,
  parameters: Parameters<D>,
  order: readonly number[] | null,
  generator: Generator,
): [draw: Draw, inputs: Tensor[]] {
  const given: readonly (number | Tensor)[] = parameters;
  const numbers = given.map((x) => (typeof x === 'number' ? x : null));
  const inputs = given.filter((x) => x instanceof Tensor);
  checkDTypes(caller, distribution, dtype, inputs);
  return [{ distribution, parameters: numbers, order, generator }, inputs];
}

/** x with its dimensions in another order. */
function permuted({ storage, shape, strides, offset, dtype }: Strided, order: readonly number[]): Strided {
  const pick = (list: readonly number[]): number[] => order.map((d) => list[d]!);
  return stridedOver(storage.array, dtype, pick(shape), offset, pick(strides));
}

/** Draws follow each other as generators go on: in the order of the calls, one after the other. */
export const drawsInJavaScript = 'drawn by the generator, in JavaScript, into the memory of the program';

/** The kernel of every draw. `out` may have any layout. */
export function fillDrawn(
  out: Tensor,
  inputs: Tensors,
  { distribution, parameters, order, generator }: Draw,
): void {
  worksInJavaScript(drawsInJavaScript);
  const fill = distributions[distribution] as (out: TypedArray, way: Way, ...rest: Parameter[]) => void;
  const { dtype, count } = out;
  const arranged = (x: Strided): Strided => (order === null ? x : permuted(x, order));
  const tensors = inputs.values();
  const rest = parameters.map((x) => x ?? (elementsOf(arranged(tensors.next().value!)) as Floats));
  const contiguous = order === null && out.dense;
  const drawn = contiguous ? elementsOf(out) : allocateArray(dtype, count);
  fill(drawn, { generator, dtype, contiguous }, ...rest);
  if (contiguous) return;
  const target = arranged(out);
  scatterStrided(stridedOver(drawn, dtype, target.shape), target);
}
