import { checkArguments, K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import type { Grouping } from '../../kernels/index.ts';
import * as kernels from '../../kernels/index.ts';
import type { GradNode, MultiPrimitive } from '../../record/index.ts';
import { applyMulti, defineMulti, INPUT, OUTPUT } from '../../record/index.ts';
import { formatShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { floatsOnly } from '../elementwise/index.ts';

/** What is run: the grouping, and whether there are a factor and a summand. */
interface Normalization extends Grouping {
  readonly scales: boolean;
  readonly shifts: boolean;
}

/** x, and what else there is: factor, summand. */
type Inputs = readonly [Tensor, ...Tensor[]];
/** y, variances and, where they are subtracted, means. */
type Results = [Tensor, Tensor, ...Tensor[]];

/** How a tensor of elements is seen, and what of groups broadcasts to it. */
function viewOf(attrs: Grouping) {
  const sizes: Shape = [attrs.samples, attrs.outer, attrs.groups, attrs.parts, attrs.run];
  return {
    ofElements: (x: Tensor): Tensor => x.reshape(sizes),
    ofGroups: (x: Tensor): Tensor => x.reshape([attrs.samples, 1, attrs.groups, 1, 1]),
    ofFactors: (x: Tensor): Tensor => x.reshape([attrs.groups, attrs.parts, 1]),
    mean: (x: Tensor): Tensor => x.mean([1, 3, 4], { keepdim: true }),
    sumOfFactors: (x: Tensor): Tensor => x.sum([0, 1, 4]),
  };
}

/**
 * The derivative: of gradient, x, variances, and what else there is of means and factors; by x, and by factors and
 * summands. Its own derivative by x is the whole one, with what x does through variances and means, by which it has
 * none.
 */
const backwardPrimitive = /* @__PURE__ */ defineMulti<Normalization, Inputs, [Tensor, ...Tensor[]]>({
  name: 'normalize_backward',
  saves: INPUT(0) | INPUT(1) | INPUT(2) | INPUT(3) | INPUT(4),
  infer(inputs, { scales }) {
    const [{ shape, dtype }] = inputs;
    const factors = { shape: inputs.at(-1)?.shape ?? [], dtype };
    return scales ? [{ shape, dtype }, factors, factors] : [{ shape, dtype }];
  },
  kernel(inputs, normalization, outs) {
    const [g, x, variances, ...rest] = inputs as [Tensor, Tensor, Tensor, ...Tensor[]];
    const means = normalization.centered ? (rest[0] ?? null) : null;
    const weight = normalization.scales ? (rest.at(-1) ?? null) : null;
    kernels.normalizeGroupsBackward(g, x, weight, { means, variances }, normalization, outs);
  },
  derivative([byX, byWeight, byBias], node) {
    const { eps, centered, scales, scalesLast } = node.attrs;
    if (!centered) return secondByRootMeanSquare([byX, byWeight, byBias], node);
    const { ofElements, ofGroups, ofFactors, mean, sumOfFactors } = viewOf(node.attrs);
    const g = ofElements(node.input(0));
    const x = ofElements(node.input(1));
    const rstd = ofGroups(node.input(2).add(eps).rsqrt());
    const xhat = x.sub(ofGroups(node.input(3))).mul(rstd);
    const factor = scales ? ofFactors(node.input(4)) : null;
    const scaled = (a: Tensor): Tensor => (factor === null ? a : a.mul(factor));
    /** What of a does not change the statistics: the gradient by x is rstd times that of g times the factor. */
    const across = (a: Tensor): Tensor => a.sub(mean(a)).sub(xhat.mul(mean(a.mul(xhat))));
    const [toG, toX]: [Tensor[], Tensor[]] = [[], []];
    let toWeight: Tensor | null = null;
    if (byX != null) {
      const v = ofElements(byX);
      const slope = across(v).mul(rstd);
      const weighted = scalesLast ? g : scaled(g);
      if (node.needs(0)) toG.push(scaled(slope));
      if (scales && node.needs(4)) toWeight = sumOfFactors(g.mul(slope)).reshape(node.shape(4));
      if (node.needs(1)) {
        const turned = across(v.mul(mean(weighted.mul(xhat))).add(weighted.mul(mean(v.mul(xhat)))));
        const shrunk = xhat.mul(mean(v.mul(across(weighted))));
        const both = turned.add(shrunk).mul(rstd.square()).neg();
        toX.push(scalesLast ? scaled(both) : both);
      }
    }
    if (byWeight != null) {
      const u = ofFactors(byWeight);
      if (node.needs(0)) toG.push(xhat.mul(u));
      if (node.needs(1)) toX.push(across(g.mul(u)).mul(rstd));
    }
    if (byBias != null && node.needs(0)) toG.push(ofFactors(byBias).expand(g.shape));
    const total = (terms: readonly Tensor[], i: number): Tensor | null =>
      terms.length === 0 ? null : terms.reduce((sum, term) => sum.add(term)).reshape(node.shape(i));
    return [total(toG, 0), total(toX, 1), null, null, ...(scales ? [toWeight] : [])];
  },
});

/**
 * The same of what is not centred, product by product as PyTorch differentiates its composition, x times the reciprocal
 * root of the mean square times the factor: what is not finite meets the same factors.
 */
function secondByRootMeanSquare(
  [byX, byWeight, byBias]: readonly (Tensor | null | undefined)[],
  node: GradNode<Normalization>,
): (Tensor | null)[] {
  const { eps, scales, outer, parts, run } = node.attrs;
  const { ofElements, ofGroups, ofFactors, sumOfFactors } = viewOf(node.attrs);
  const [g, x] = [ofElements(node.input(0)), ofElements(node.input(1))];
  const rstd = ofGroups(node.input(2).add(eps).rsqrt());
  const factor = scales ? ofFactors(node.input(3)) : null;
  const cube = rstd.pow(3);
  const sum = (a: Tensor): Tensor => a.sum([1, 3, 4], { keepdim: true });
  const share = 1 / (outer * parts * run);
  const plus = (a: Tensor | null, b: Tensor): Tensor => (a === null ? b : a.add(b));
  let toG: Tensor | null = null;
  let toX: Tensor | null = null;
  let toRstd: Tensor | null = null;
  let toFactor: Tensor | null = null;
  if (byX != null) {
    const v = ofElements(byX);
    const weighted = factor === null ? g : g.mul(factor);
    // The gradient by x is weighted rstd + 2 x bySquare.
    const along = sum(weighted.mul(x)).mul(-0.5);
    const bySquare = along.mul(cube).mul(share);
    const toSquare = sum(v.mul(x.mul(2))).mul(share);
    const toAlong = toSquare.mul(cube).mul(-0.5);
    const toWeighted = v.mul(rstd).add(toAlong.mul(x));
    toX = v.mul(bySquare).mul(2).add(toAlong.mul(weighted));
    toRstd = sum(v.mul(weighted)).add(toSquare.mul(along).mul(rstd.square().mul(3)));
    toG = factor === null ? toWeighted : toWeighted.mul(factor);
    if (scales) toFactor = sumOfFactors(toWeighted.mul(g));
  }
  if (byWeight != null) {
    // The gradient by the factor is the sum of g x rstd.
    const toProduct = ofFactors(byWeight).mul(g);
    toG = plus(toG, x.mul(rstd).mul(ofFactors(byWeight)));
    toX = plus(toX, toProduct.mul(rstd));
    toRstd = plus(toRstd, sum(toProduct.mul(x)));
  }
  if (byBias != null) toG = plus(toG, ofFactors(byBias).expand(g.shape));
  if (toRstd !== null) toX = plus(toX, toRstd.mul(cube).mul(-0.5).mul(share).mul(x.mul(2)));
  const shaped = (a: Tensor | null, i: number): Tensor | null => a?.reshape(node.shape(i)) ?? null;
  return [shaped(toG, 0), shaped(toX, 1), null, ...(scales ? [shaped(toFactor, 3)] : [])];
}

const primitives = new Map<string, MultiPrimitive<Normalization, Inputs, Results>>();

/** The primitive under one of its names. */
function primitiveOf(name: string): MultiPrimitive<Normalization, Inputs, Results> {
  let primitive = primitives.get(name);
  if (primitive === undefined) {
    primitive = defineMulti<Normalization, Inputs, Results>({
      name,
      saves: INPUT(0) | INPUT(1) | OUTPUT,
      leaves: [0],
      infer([{ shape, dtype }], { samples, groups, centered }) {
        const statistics = { shape: [samples * groups], dtype };
        return [{ shape, dtype }, statistics, ...(centered ? [statistics] : [])];
      },
      kernel([x, ...learned], normalization, [y, variances, means = null]) {
        const weight = normalization.scales ? (learned[0] ?? null) : null;
        const bias = normalization.shifts ? (learned[1] ?? null) : null;
        kernels.normalizeGroups(x, [weight, bias], normalization, y, { means, variances });
      },
      derivative([gy, gVariances, gMeans], node) {
        const { centered, scales, shifts, outer, parts, run } = node.attrs;
        const { ofElements, ofGroups } = viewOf(node.attrs);
        let [toX, toWeight, toBias]: (Tensor | null | undefined)[] = [];
        if (gy != null) {
          const means = centered ? [node.output(2)] : [];
          const inputs: Inputs = [
            gy,
            node.input(0),
            node.output(1),
            ...means,
            ...(scales ? [node.input(1)] : []),
          ];
          [toX, toWeight, toBias] = applyMulti(backwardPrimitive, inputs, node.attrs);
        }
        const add = (term: Tensor): void => {
          const whole = term.expand(sizes).reshape(node.shape(0));
          toX = toX == null ? whole : toX.add(whole);
        };
        const sizes = ofElements(node.input(0)).shape;
        const share = 1 / (outer * parts * run);
        if (gMeans != null) add(ofGroups(gMeans).mul(share));
        if (gVariances != null) {
          const x = ofElements(node.input(0));
          const d = centered ? x.sub(ofGroups(node.output(2))) : x;
          add(d.mul(ofGroups(gVariances).mul(2 * share)));
        }
        return [toX ?? null, ...(scales ? [toWeight ?? null] : []), ...(shifts ? [toBias ?? null] : [])];
      },
    });
    primitives.set(name, primitive);
  }
  return primitive;
}

/** How {@link normalizeGroups} groups elements, and what it is called. */
export interface GroupingOptions {
  /**
   * PyTorch's name of the operation: `native_layer_norm` gives results whose gradFn prints as
   * `<NativeLayerNormBackward0>`.
   */
  readonly name: string;
  /** How many samples there are, each with groups of its own. Default: 1. */
  readonly samples?: number;
  /** How many blocks there are, each with some elements of every group. Default: 1. */
  readonly outer?: number;
  /** How many groups a sample has. Default: 1. */
  readonly groups?: number;
  /** Into how many parts, each with a factor and a summand of its own, a group is cut. Default: 1. */
  readonly parts?: number;
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether the mean is subtracted; else it counts as 0. Default: true. */
  readonly centered?: boolean;
  /**
   * Whether the derivative multiplies by a group's only factor in the end, as that of batch normalisation does, so that
   * an infinite one meets the gradient as a whole. Default: false.
   */
  readonly scalesLast?: boolean;
  /** One for each part of each group. */
  readonly weight?: Tensor | null;
  /** One for each part of each group; only with `weight`. */
  readonly bias?: Tensor | null;
}

const takes = /* @__PURE__ */ signature('normalizeGroups', {
  x: K.tensor,
  options: K.given<GroupingOptions>({
    name: K.text,
    samples: K.count,
    outer: K.count,
    groups: K.count,
    parts: K.count,
    eps: K.number,
    centered: K.flag,
    scalesLast: K.flag,
    weight: K.nullable(K.tensor),
    bias: K.nullable(K.tensor),
  }),
});
const floats = /* @__PURE__ */ floatsOnly('normalizeGroups');

/**
 * (x - mean) / sqrt(var + eps) * weight + bias by group, with the biased variance: x is seen as (samples, outer,
 * groups, parts, run), of which samples or outer is 1, and element (s, o, g, p, i) belongs to group (s, g) and has
 * factor and summand number (g, p). Gives that, of the shape of x, and the groups' variances and means, (samples *
 * groups,), of what is not centred only the means of squares. All is one pass over memory for each of statistics and
 * result, and so is the derivative. Kindling's own; follows `torch.native_layer_norm` and its kin.
 * @throws ShapeError when the sizes do not fit, or weight or bias are not of the dtype of x; DTypeError for integers
 * @example normalizeGroups(tensor([[1.5, 0.5]]), { name: 'native_layer_norm' })[0]; // tensor([[ 1.0000, -1.0000]])
 */
export function normalizeGroups(x: Tensor, options: GroupingOptions): readonly [Tensor, Tensor, ...Tensor[]] {
  takes(arguments);
  floats(x.dtype);
  const { name, samples = 1, outer = 1, groups = 1, parts = 1, eps = 1e-5, centered = true } = options;
  const { weight = null, bias = null, scalesLast = false } = options;
  if (name === undefined) checkArguments('normalizeGroups', { 'options.name': K.text }, [name]);
  const factors = samples * outer * groups * parts;
  const run = factors === 0 ? 0 : x.count / factors;
  const learned = [weight, bias].filter((p) => p !== null);
  if (
    (samples > 1 && outer > 1) ||
    !Number.isInteger(run) ||
    samples * outer * groups * parts * run !== x.count ||
    (weight === null && bias !== null) ||
    learned.some((p) => p.count !== groups * parts || p.dtype !== x.dtype)
  ) {
    const got = learned.map(({ shape, dtype }) => `${formatShape(shape)} of ${dtype}`).join(' and ');
    throw new ShapeError(
      `normalizeGroups: expected ${samples} * ${outer} * ${groups} * ${parts} runs of elements, and ${groups * parts} factors and ` +
        `summands of their dtype, got shape ${formatShape(x.shape)} of ${x.dtype}${got === '' ? '' : ` with ${got}`}`,
    );
  }
  const attributes = {
    samples,
    outer,
    groups,
    parts,
    run,
    eps,
    centered,
    scalesLast: scalesLast && parts === 1,
    scales: weight !== null,
    shifts: bias !== null,
  };
  return applyMulti(primitiveOf(name), [x, ...learned], attributes);
}
