/** Counts of events: Poisson's and the binomial distribution, drawn as PyTorch draws them on the CPU. */
import { ValueError } from '../errors.ts';
import type { FloatArray } from './distributions.ts';
import { logDouble } from './elementary.ts';
import type { Generator } from './generator.ts';

type Uniform = () => number;

/** From this mean on counts are drawn by rejection, which takes as long whatever the mean. */
const LARGE_MEAN = 10;

/**
 * Hörmann's transformed rejection: a pair of uniform numbers is brought under a curve that lies above the
 * distribution's. `surely` is the height up to which the curve is safe, and `accepts` decides in the other places.
 */
function byRejection(
  uniform: Uniform,
  { a, b, centre, surely, most }: Readonly<Record<'a' | 'b' | 'centre' | 'surely' | 'most', number>>,
  accepts: (k: number, v: number, distance: number) => boolean,
): number {
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const distance = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / distance + b) * u + centre);
    if (k < 0 || k > most) continue;
    if ((distance >= 0.07 && v <= surely) || accepts(k, v, distance)) return k;
  }
}

const halfLog2Pi = 0.5 * Math.log(2 * Math.PI);
/** log(k!) by Stirling's formula in k + 1, without what is left. */
const stirling = (k: number): number => halfLog2Pi + (k + 0.5) * Math.log(k + 1) - (k + 1);
const factorials = [1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880];

/** What {@link stirling} leaves: a series, or where that is too short, what it is. */
function stirlingRest(k: number): number {
  const factorial = factorials[k];
  if (factorial !== undefined) return Math.log(factorial) - stirling(k);
  const square = (k + 1) ** 2;
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}

function poisson(rate: number, uniform: Uniform): number {
  if (rate === 0) return 0;
  if (rate < LARGE_MEAN) {
    const least = Math.exp(-rate);
    let count = 0;
    for (let product = uniform(); product > least; product *= uniform()) count++;
    return count;
  }
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  const logRate = Math.log(rate);
  const logScale = Math.log(1.1239 + 1.1328 / (b - 3.4));
  const curve = { a, b, centre: rate + 0.43, surely: 0.9277 - 3.6224 / (b - 2), most: Infinity };
  return byRejection(
    uniform,
    curve,
    (k, v, distance) =>
      (distance >= 0.013 || v <= distance) &&
      logDouble(v) + logScale - Math.log(a / distance ** 2 + b) <=
        k * logRate - rate - stirling(k) - stirlingRest(k),
  );
}

/** Of a probability up to a half. */
function rarerSuccesses(trials: number, p: number, uniform: Uniform): number {
  if (trials * p < LARGE_MEAN) {
    // From one success to the next there is a geometric number of trials.
    const logFailure = Math.log1p(-p);
    let count = -1;
    for (let seen = 0; seen <= trials; count++) seen += Math.ceil(logDouble(uniform()) / logFailure);
    return count;
  }
  const deviation = Math.sqrt(trials * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const odds = p / (1 - p);
  const scale = (2.83 + 5.1 / b) * deviation;
  const mode = Math.floor((trials + 1) * p);
  const curve = { a, b, centre: trials * p + 0.5, surely: 0.92 - 4.2 / b, most: trials };
  return byRejection(uniform, curve, (k, v, distance) => {
    const height = Math.log((v * scale) / (a / distance ** 2 + b));
    const most =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (trials - mode + 1))) +
      (trials + 1) * Math.log((trials - mode + 1) / (trials - k + 1)) +
      (k + 0.5) * Math.log((odds * (trials - k + 1)) / (k + 1)) +
      stirlingRest(mode) +
      stirlingRest(trials - mode) -
      stirlingRest(k) -
      stirlingRest(trials - k);
    return height <= most;
  });
}

function binomial(trials: number, p: number, uniform: Uniform): number {
  if (trials <= 0 || p <= 0) return 0;
  if (p >= 1) return trials;
  if (Number.isNaN(p)) return p;
  return p <= 0.5 ? rarerSuccesses(trials, p, uniform) : trials - rarerSuccesses(trials, 1 - p, uniform);
}

/** Poisson's numbers of the rates that stand at the same places. Follows `torch.poisson`. */
export function fillPoisson(out: FloatArray, rates: FloatArray, generator: Generator): void {
  const uniform = () => generator.uniformDouble();
  for (const [i, rate] of rates.entries()) {
    if (!(rate >= 0 && rate < Infinity))
      throw new ValueError(`poisson expects rates that are 0 or more, but got ${rate} at element ${i}`);
    out[i] = poisson(rate, uniform);
  }
}

/** Successes in so many trials of those probabilities, element by element. Follows `torch.binomial`. */
export function fillBinomial(
  out: FloatArray,
  trials: FloatArray,
  probabilities: FloatArray,
  generator: Generator,
): void {
  const uniform = () => generator.uniformDouble();
  for (const [i, count] of trials.entries()) {
    if (!Number.isFinite(count))
      throw new ValueError(`binomial expects finite numbers of trials, but got ${count} at element ${i}`);
    out[i] = binomial(count, probabilities[i] ?? 0, uniform);
  }
}
