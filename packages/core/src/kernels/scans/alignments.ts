/** Losses of alignments of a sequence of labels with steps: connectionist temporal classification. */

import type { TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { elementsOf } from '../elementwise/index.ts';
import { placeOf, recordCall, recorder } from '../recording/index.ts';
import type { Strided } from '../strided/index.ts';
import { alignmentKernels } from './alignment-kernels.ts';

/** What is aligned: log-probabilities (T, N, C), labels, and the lengths of input and target of each sample, (N,). */
type Alignments = readonly [
  logProbs: Strided,
  targets: Strided,
  inputLengths: Strided,
  targetLengths: Strided,
];

/** How alignments count. */
export interface AlignmentRules {
  /** The class that stands for no label. */
  readonly blank: number;
  /** Whether infinite losses become 0, and their gradients too. */
  readonly zeroInfinity: boolean;
}

/** log(0). */
const never = Number.NEGATIVE_INFINITY;

/** log(e^a + e^b). */
function logAdd(a: number, b: number): number {
  if (a === never) return b;
  if (b === never) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** One sample of a batch. */
interface Sample {
  /** Its labels, with blanks before, between and behind: the states of an alignment. */
  readonly labels: Int32Array;
  /** The log-probabilities of all classes at each of its steps. */
  readonly steps: readonly TypedArray[];
}

/** Where the classes of sample n at step t lie in (T, N, C). */
function rowOf<A extends TypedArray>(values: A, { shape }: Strided, t: number, n: number): A {
  const [, batch = 1, classes = 1] = shape;
  const start = (t * batch + n) * classes;
  return values.subarray(start, start + classes) as A;
}

function samplesOf([x, targets, inputLengths, targetLengths]: Alignments, blank: number): Sample[] {
  const logs = elementsOf(x);
  const listed = elementsOf(targets);
  const lengths = elementsOf(targetLengths);
  const [, width] = targets.shape;
  let next = 0;
  return Array.from(elementsOf(inputLengths), (steps: number, n) => {
    const start = width === undefined ? next : n * width;
    next = start + lengths[n]!;
    const labels = new Int32Array(2 * (next - start) + 1).fill(blank);
    listed.subarray(start, next).forEach((label: number, i: number) => {
      labels[2 * i + 1] = label;
    });
    return { labels, steps: Array.from({ length: steps }, (_, t) => rowOf(logs, x, t, n)) };
  });
}

/** For each step and state the log of the probability of all ways to be there then. */
function waysTo({ labels, steps }: Sample): Float64Array[] {
  let before: Float64Array | null = null;
  return steps.map((logs) => {
    const last = before;
    const ways = Float64Array.from(labels, (label, s) => {
      const here = logs[label]!;
      if (last === null) return s < 2 ? here : never;
      let sum = logAdd(last[s] ?? never, last[s - 1] ?? never);
      // The blank between may be left out, unless it parts two labels that are the same.
      if (label !== labels[s - 2]) sum = logAdd(sum, last[s - 2] ?? never);
      return sum + here;
    });
    before = ways;
    return ways;
  });
}

/** The same of all ways to go on from there, that step included: the ways there from the end. */
function waysFrom({ labels, steps }: Sample): Float64Array[] {
  const reversed = waysTo({ labels: labels.toReversed(), steps: steps.toReversed() });
  return reversed.map((ways) => ways.reverse()).reverse();
}

/** -log of the probability of the target. */
function lossOf(ways: readonly Float64Array[], { labels }: Sample): number {
  const end = ways.at(-1);
  if (end === undefined) return labels.length === 1 ? 0 : Number.POSITIVE_INFINITY;
  return -logAdd(end.at(-1) ?? never, end.at(-2) ?? never);
}

/**
 * Whether lengths and labels fit; where kernels are taken down they do, or the program gives the word to the kernel.
 */
export function alignmentsFit([x, targets, inputLengths, targetLengths]: Alignments): boolean {
  const [steps = 0, batch = 0, classes = 0] = x.shape;
  const [, width] = targets.shape;
  const [labels, inputs, lengths] = [targets, inputLengths, targetLengths].map(elementsOf) as [
    TypedArray,
    TypedArray,
    TypedArray,
  ];
  if (recorder !== null) {
    const { fit } = alignmentKernels('float32');
    const arrays = [labels, inputs, lengths];
    const integers = arrays.flatMap((array): [number, TypedArray] => [sizeOf(array), array]);
    const args = [batch, steps, classes, width ?? -1, labels.length, ...integers];
    recordCall('alignments_fit', fit, args, { reads: arrays, writes: [], checks: true });
    return true;
  }
  const within = (n: number, most: number): boolean => n >= 0 && n <= most;
  let start = 0;
  for (let n = 0; n < batch; n++) {
    const length = lengths[n]!;
    if (!within(inputs[n]!, steps) || !within(length, width ?? labels.length)) return false;
    if (width !== undefined) start = n * width;
    if (!labels.subarray(start, start + length).every((label: number) => within(label, classes - 1)))
      return false;
    start += length;
  }
  return width !== undefined || start === labels.length;
}

const sizeOf = (integers: TypedArray): number => integers.BYTES_PER_ELEMENT;

/**
 * The losses of all samples, (N,): -log of the probability of each target; or, where those by the losses are given, the
 * gradients by the log-probabilities, through a log-softmax before them. Lengths and labels fit.
 */
export function alignmentLosses(
  alignments: Alignments,
  { blank, zeroInfinity }: AlignmentRules,
  gradients: Strided | null,
  out: Strided,
): void {
  const [x, targets, inputLengths, targetLengths] = alignments;
  const upstream = gradients === null ? null : elementsOf(gradients);
  const results = elementsOf(out);
  if (recorder !== null) {
    const [steps = 0, batch = 0, classes = 0] = x.shape;
    const { shape, count } = targets;
    const states = 2 * (shape[1] ?? count) + 1;
    const labels = allocateArray('int32', states);
    const ways = allocateArray('float64', states * Math.max(steps, 1) * (upstream === null ? 1 : 2));
    const occupied = allocateArray('float64', upstream === null ? 1 : classes);
    const [listed, inputs, lengths] = [targets, inputLengths, targetLengths].map(elementsOf) as [
      TypedArray,
      TypedArray,
      TypedArray,
    ];
    const integers = [listed, inputs, lengths].flatMap((array): [number, TypedArray] => [
      sizeOf(array),
      array,
    ]);
    const args = [
      ...[batch, steps, classes, blank, Number(zeroInfinity), shape[1] ?? -1, elementsOf(x)],
      ...integers,
      ...[upstream ?? 0, labels, ways, occupied, results],
    ];
    const { losses } = alignmentKernels(placeOf(results).area.dtype);
    recordCall('ctc_loss', losses, args, { writes: [labels, ways, occupied, results] });
    return;
  }
  const computed = new Float64Array(out.count);
  samplesOf(alignments, blank).forEach((sample, n) => {
    const to = waysTo(sample);
    const loss = lossOf(to, sample);
    const dropped = zeroInfinity && loss === Number.POSITIVE_INFINITY;
    if (upstream === null) computed[n] = dropped ? 0 : loss;
    if (upstream === null || dropped) return;
    const from = waysFrom(sample);
    sample.steps.forEach((logs, t) => {
      const occupied = new Float64Array(logs.length).fill(never);
      sample.labels.forEach((c, s) => {
        occupied[c] = logAdd(occupied[c]!, to[t]![s]! + from[t]![s]!);
      });
      const row = rowOf(computed, x, t, n);
      occupied.forEach((ways, c) => {
        const log = logs[c]!;
        row[c] = (Math.exp(log) - Math.exp(ways + loss - log)) * upstream[n]!;
      });
    });
  });
  results.set(computed);
}
