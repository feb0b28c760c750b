import { checkArguments, K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import type { Grouping } from '../../kernels/index.ts';
import * as kernels from '../../kernels/index.ts';
import type { MultiPrimitive } from '../../record/index.ts';
import { applyMulti, defineMulti, type GradNode, INPUT, isGradEnabled, OUTPUT } from '../../record/index.ts';
import { formatShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { floatsOnly } from '../elementwise/index.ts';

/** What is run: the grouping, and whether there are a factor and a summand. */
interface Normalization extends Grouping {
  readonly scales: boolean;
  readonly shifts: boolean;
}

const partsOf = ({ samples, outer, groups, parts, run }: Grouping): Shape => [
  samples,
  outer,
  groups,
  parts,
  run,
];

/** x, and what else there is: factor, summand. */
type Inputs = readonly [Tensor, ...Tensor[]];
/** y, variances and, where they are subtracted, means. */
type Results = [Tensor, Tensor, ...Tensor[]];

/** The derivative: of gradient, x, variances, and what else there is of means and factors; by x, and by factors and summands. */
const backwardPrimitive = /* @__PURE__ */ defineMulti<Normalization, Inputs, [Tensor, ...Tensor[]]>({
  name: 'normalize_backward',
  saves: 0,
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
});

/** The gradients by operations that can be differentiated again; the results carry their own graph. */
function backwardByOperations(
  [gy, gVariances, gMeans]: readonly (Tensor | null | undefined)[],
  node: GradNode<Normalization>,
): readonly (Tensor | null)[] {
  const { samples, outer, groups, parts, run, eps, centered, scales, shifts } = node.attrs;
  const sizes = partsOf(node.attrs);
  const count = outer * parts * run;
  const ofGroups = (x: Tensor): Tensor => x.reshape([samples, 1, groups, 1, 1]);
  const x = node.input(0).reshape(sizes);
  const d = centered ? x.sub(ofGroups(node.output(2))) : x;
  const rstd = ofGroups(node.output(1).add(eps).rsqrt());
  const xhat = d.mul(rstd);
  const along = [1, 3, 4];
  const terms: Tensor[] = [];
  let toWeight: Tensor | null = null;
  let toBias: Tensor | null = null;
  if (gy != null) {
    const g = gy.reshape(sizes);
    const scaled = scales ? g.mul(node.input(1).reshape([groups, parts, 1])) : g;
    const projection = scaled.mul(xhat).mean(along, { keepdim: true });
    const rest = centered ? scaled.sub(scaled.mean(along, { keepdim: true })) : scaled;
    terms.push(rest.sub(xhat.mul(projection)).mul(rstd));
    const overSamples = (term: Tensor, i: number): Tensor => term.sum([0, 1, 4]).reshape(node.shape(i));
    if (scales && node.needs(1)) toWeight = overSamples(g.mul(xhat), 1);
    if (shifts && node.needs(2)) toBias = overSamples(g, 2);
  }
  if (gMeans != null) terms.push(ofGroups(gMeans).div(count).expand(sizes));
  if (gVariances != null) terms.push(d.mul(ofGroups(gVariances).mul(2 / count)));
  const [first, ...others] = terms;
  const toX = first === undefined ? null : others.reduce((sum, term) => sum.add(term), first);
  return [toX?.reshape(node.shape(0)) ?? null, ...(scales ? [toWeight] : []), ...(shifts ? [toBias] : [])];
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
      derivative(grads, node) {
        const [gy, ...others] = grads;
        if (gy == null || others.some((g) => g != null) || isGradEnabled())
          return backwardByOperations(grads, node);
        const { centered, scales, shifts } = node.attrs;
        const inputs: Inputs = [
          gy,
          node.input(0),
          node.output(1),
          ...(centered ? [node.output(2)] : []),
          ...(scales ? [node.input(1)] : []),
        ];
        const [toX, toWeight = null, toBias = null] = applyMulti(backwardPrimitive, inputs, node.attrs);
        return [toX, ...(scales ? [toWeight] : []), ...(shifts ? [toBias] : [])];
      },
    });
    primitives.set(name, primitive);
  }
  return primitive;
}

/** How {@link normalizeGroups} groups elements, and what it is called. */
export interface GroupingOptions {
  /** PyTorch's name of the operation: `native_layer_norm` gives results whose gradFn prints as `<NativeLayerNormBackward0>`. */
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
    weight: K.nullable(K.tensor),
    bias: K.nullable(K.tensor),
  }),
});
const floats = /* @__PURE__ */ floatsOnly('normalizeGroups');

/**
 * (x - mean) / sqrt(var + eps) * weight + bias by group, with the biased variance: x is seen as (samples, outer, groups, parts, run), of which
 * samples or outer is 1, and element (s, o, g, p, i) belongs to group (s, g) and has factor and summand number (g, p). Gives that, of the
 * shape of x, and the groups' variances and means, (samples * groups,), of what is not centred only the means of squares. All is one pass over
 * memory for each of statistics and result, and so is the derivative. Kindling's own; follows `torch.native_layer_norm` and its kin.
 * @throws ShapeError when the sizes do not fit, or weight or bias are not of the dtype of x; DTypeError for integers
 * @example normalizeGroups(tensor([[1.5, 0.5]]), { name: 'native_layer_norm' })[0]; // tensor([[ 1.0000, -1.0000]])
 */
export function normalizeGroups(x: Tensor, options: GroupingOptions): readonly [Tensor, Tensor, ...Tensor[]] {
  takes(arguments);
  floats(x.dtype);
  const { name, samples = 1, outer = 1, groups = 1, parts = 1, eps = 1e-5, centered = true } = options;
  const { weight = null, bias = null } = options;
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
    scales: weight !== null,
    shifts: bias !== null,
  };
  return applyMulti(primitiveOf(name), [x, ...learned], attributes);
}
