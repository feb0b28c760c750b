/**
 * Distances of all pairs of rows, and their derivatives of any order: sums over pairs and columns of a term of a
 * difference.
 */

import { fillStrided, hasLevels, type PairTerm, pairDots, pairSums } from '../../kernels/index.ts';
import { apply, definePrimitive, type GradNode, INPUT, OUTPUT } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { triu } from '../arranging/triangle.ts';
import { detach } from '../creation/copy.ts';
import { onesLike, zerosLike } from '../creation/fill.ts';
import { mul, neg } from '../elementwise/arithmetic.ts';
import { pow } from '../elementwise/binary.ts';
import { eq } from '../elementwise/compare.ts';
import { where } from '../elementwise/select.ts';
import { transpose } from '../views/permute.ts';

interface Pairs {
  readonly term: PairTerm;
  /** Whether a scale of the last operand is among the inputs. */
  readonly scaled: boolean;
}

const isOdd = (term: PairTerm): boolean => hasLevels(term) || (term.kind === 'power' && term.odd);

/** x, or -x for a term that changes its sign with the difference. */
const mirrored = (term: PairTerm, x: Tensor): Tensor => (isOdd(term) ? neg(x) : x);

/** The derivative of a term by the difference: a number and another term; `null` where it is 0. */
function slopeOf(term: PairTerm): { factor: number; slope: PairTerm } | null {
  if (term.kind !== 'power' || term.exponent === 0) return null;
  const { exponent, odd } = term;
  return { factor: exponent, slope: { kind: 'power', exponent: exponent - 1, odd: !odd } };
}

/** A derivative by x that is 0 everywhere: zeros that can be differentiated again, as PyTorch's can. */
const flatPrimitive = definePrimitive({
  name: 'flat_slope',
  saves: 0,
  infer: ([x]) => x,
  kernel: (_, __, out) => fillStrided(out, 0),
  derivative: (g) => [zerosLike(g)],
});

const flat = (needed: boolean, x: Tensor): Tensor | null =>
  needed ? apply(flatPrimitive, [x], undefined) : null;

const swapped = (x: Tensor): Tensor => transpose(x, -1, -2);

/**
 * The operands of a sum over pairs beside the two that are subtracted: the scale of the second, and the level of each
 * pair, which the term `extreme` asks for.
 */
interface Beside {
  readonly scale: Tensor | undefined;
  readonly levels: Tensor | undefined;
}

function besideOf(inputs: readonly Tensor[], first: number, { term, scaled }: Pairs): Beside {
  const scale = scaled ? inputs[first] : undefined;
  const levels = hasLevels(term) ? inputs.at(-1) : undefined;
  return { scale, levels };
}

/**
 * What {@link besideOf} gives of the saved inputs of a node, with the levels of the mirrored pairs; and how many inputs
 * there are.
 */
function savedBeside(node: GradNode<Pairs>) {
  const { term, scaled } = node.attrs;
  const scale = scaled ? node.input(3) : undefined;
  const levels = hasLevels(term) ? node.input(scaled ? 4 : 3) : undefined;
  const turned = levels === undefined ? undefined : swapped(levels);
  return { scale, levels, turned, count: 3 + Number(scaled) + Number(levels !== undefined) };
}

const given = (...inputs: (Tensor | undefined)[]): Tensor[] => inputs.filter((x) => x !== undefined);

const savedInputs = INPUT(0) | INPUT(1) | INPUT(2) | INPUT(3) | INPUT(4);

/**
 * weights, a, b, scale?, levels? => out[i, d] = the sum over j of weights[i, j] term(a[i, d] - b[j, d]) scale[j, d].
 */
const sumsPrimitive = definePrimitive<Pairs, Tensor[]>({
  name: 'pair_sums',
  saves: savedInputs,
  infer: ([, a]) => ({ shape: a!.shape, dtype: a!.dtype }),
  kernel(inputs, attrs, out) {
    const [weights, a, b] = inputs as [Tensor, Tensor, Tensor];
    const { scale, levels } = besideOf(inputs, 3, attrs);
    pairSums(attrs.term, weights, a, b, out.storage.array, { scaleA: scale, levels });
  },
  derivative(g, node) {
    const { term, scaled } = node.attrs;
    const [weights, a, b] = [node.input(0), node.input(1), node.input(2)];
    const { scale, levels, turned, count } = savedBeside(node);
    const bySlope = slopeGradients(term, node, 1, weights, a, b, g, scale, levels);
    const gradients = [
      node.needs(0) ? dotsOf(term, a, b, g, scale, levels) : null,
      ...bySlope,
      scaled && node.needs(3) ? mirrored(term, sumsOf(term, swapped(weights), b, a, g, turned)) : null,
      null,
    ];
    return gradients.slice(0, count);
  },
});

/**
 * a, b, scale of a, scale of b?, levels? => out[i, j] = the sum over d of term(a[i, d] - b[j, d]) scaleA[i, d]
 * scaleB[j, d].
 */
const dotsPrimitive = definePrimitive<Pairs, Tensor[]>({
  name: 'pair_dots',
  saves: savedInputs,
  infer: ([a, b]) => ({ shape: [...a!.shape.slice(0, -1), b!.shape.at(-2)!], dtype: a!.dtype }),
  kernel(inputs, attrs, out) {
    const [a, b, scaleA] = inputs as [Tensor, Tensor, Tensor];
    const { scale, levels } = besideOf(inputs, 3, attrs);
    pairDots(attrs.term, a, b, out.storage.array, { scaleA, scaleB: scale, levels });
  },
  derivative(g, node) {
    const { term, scaled } = node.attrs;
    const [a, b, scaleA] = [node.input(0), node.input(1), node.input(2)];
    const { scale: scaleB, levels, turned, count } = savedBeside(node);
    const bySlope = slopeGradients(term, node, 0, g, a, b, scaleA, scaleB, levels);
    const gradients = [
      ...bySlope,
      node.needs(2) ? sumsOf(term, g, a, b, scaleB, levels) : null,
      scaled && node.needs(3) ? mirrored(term, sumsOf(term, swapped(g), b, a, scaleA, turned)) : null,
      null,
    ];
    return gradients.slice(0, count);
  },
});

/**
 * The gradients by a and b, inputs number `first` and following, of the sum over i, j and d of
 * weights[i, j] term(a[i, d] - b[j, d]) scaleA[i, d] scaleB[j, d].
 */
function slopeGradients(
  term: PairTerm,
  node: { needs(i: number): boolean },
  first: number,
  weights: Tensor,
  a: Tensor,
  b: Tensor,
  scaleA: Tensor,
  scaleB: Tensor | undefined,
  levels: Tensor | undefined,
): (Tensor | null)[] {
  const derivative = slopeOf(term);
  const [needsA, needsB] = [node.needs(first), node.needs(first + 1)];
  if (derivative === null) {
    if (!isOdd(term)) return [flat(needsA, a), flat(needsB, b)];
    const each = onesLike(weights);
    return [
      needsA ? flatBut(term, each, a, b, levels) : null,
      needsB ? flatBut(term, swapped(each), b, a, levels === undefined ? undefined : swapped(levels)) : null,
    ];
  }
  const { factor, slope } = derivative;
  const byA = (): Tensor => mul(mul(scaleA, factor), sumsOf(slope, weights, a, b, scaleB, undefined));
  const byB = (): Tensor => {
    const sums = mirrored(slope, sumsOf(slope, swapped(weights), b, a, scaleA, undefined));
    return mul(scaleB === undefined ? sums : mul(sums, scaleB), -factor);
  };
  return [needsA ? byA() : null, needsB ? byB() : null];
}

/** The derivative by `a` of a term whose slope is 0, but NaN where a difference has no sign, as PyTorch has it. */
const flatBut = (term: PairTerm, each: Tensor, a: Tensor, b: Tensor, levels: Tensor | undefined): Tensor =>
  mul(sumsOf(term, each, a, b, undefined, levels), 0);

function sumsOf(
  term: PairTerm,
  weights: Tensor,
  a: Tensor,
  b: Tensor,
  scale: Tensor | undefined,
  levels: Tensor | undefined,
): Tensor {
  return apply(sumsPrimitive, given(weights, a, b, scale, levels), { term, scaled: scale !== undefined });
}

function dotsOf(
  term: PairTerm,
  a: Tensor,
  b: Tensor,
  scaleA: Tensor,
  scaleB: Tensor | undefined,
  levels: Tensor | undefined,
): Tensor {
  return apply(dotsPrimitive, given(a, b, scaleA, scaleB, levels), { term, scaled: scaleB !== undefined });
}

const termOfNorm = (p: number): PairTerm => {
  if (p === 0) return { kind: 'nonzero' };
  return { kind: 'power', exponent: p === Number.POSITIVE_INFINITY ? 1 : p, odd: false };
};

interface Distances {
  readonly p: number;
  /** Whether the rows are those of one matrix, and only pairs of one with a later one are looked at. */
  readonly ordered: boolean;
}

const distancesPrimitive = definePrimitive<Distances, [Tensor, Tensor]>({
  name: 'cdist',
  saves: INPUT(0) | INPUT(1) | OUTPUT,
  infer: ([a, b]) => ({ shape: [...a.shape.slice(0, -1), b.shape.at(-2)!], dtype: a.dtype }),
  kernel([a, b], { p, ordered }, out) {
    // PyTorch's pdist sees a NaN there, its cdist passes over it.
    const greatest = p !== Number.POSITIVE_INFINITY ? null : ordered ? 'max' : 'pmax';
    const root = p === 0 || greatest !== null ? 1 : 1 / p;
    pairDots(termOfNorm(p), a, b, out.storage.array, { greatest, root });
  },
  derivative(g, node) {
    const { p, ordered } = node.attrs;
    const [a, b] = [node.input(0), node.input(1)];
    const pairless = ordered && (a.shape.at(-2) ?? 0) < 2;
    if (p === 0 || pairless) return [flat(node.needs(0), a), flat(node.needs(1), b)];
    const greatest = p === Number.POSITIVE_INFINITY;
    const looked = ordered ? triu(onesLike(g), 1) : undefined;
    const signs = ordered && p === 1;
    const term: PairTerm = greatest
      ? { kind: 'extreme' }
      : signs
        ? { kind: 'sign' }
        : { kind: 'power', exponent: p - 1, odd: true };
    const greatestOf = (y: Tensor): Tensor => (looked === undefined ? y : where(eq(looked, 0), 0, y));
    const levels = greatest ? greatestOf(detach(node.output())) : signs ? looked : undefined;
    const all = greatest || p === 1 ? g : rootGradient(g, node.output(), p);
    // What is not looked at has no part in the gradient, be its distance infinite.
    const weights = looked === undefined ? all : where(eq(looked, 0), 0, all);
    return [
      node.needs(0) ? sumsOf(term, weights, a, b, undefined, levels) : null,
      node.needs(1)
        ? sumsOf(term, swapped(weights), b, a, undefined, levels === undefined ? undefined : swapped(levels))
        : null,
    ];
  },
});

/** g / yᵖ⁻¹, and 0 where the distance y is: PyTorch's choice of subgradient. */
function rootGradient(g: Tensor, y: Tensor, p: number): Tensor {
  const zero = eq(y, 0);
  return where(zero, 0, mul(g, pow(where(zero, 1, y), 1 - p)));
}

/** The p-norms of the differences of all rows of `a` and `b`, of one float dtype and one batch shape. */
export const pairDistances = (a: Tensor, b: Tensor, p: number): Tensor =>
  apply(distancesPrimitive, [a, b], { p, ordered: false });

/** The same of the rows of one matrix, of which those of a row with a later one are looked at. */
export const orderedDistances = (x: Tensor, p: number): Tensor =>
  apply(distancesPrimitive, [x, x], { p, ordered: true });
