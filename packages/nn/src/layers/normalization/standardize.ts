import {
  addcmul,
  defineMulti,
  type GradNode,
  type Grouping,
  OUTPUT,
  ShapeError,
  standardizeGroups,
  type Tensor,
} from '@kindling/core';

/**
 * The one primitive behind layer and batch normalisation: (x - mean) / sqrt(var + eps) by group, and the groups' mean
 * and biased variance. Sums are in float64.
 */
export function standardize(name: string) {
  return defineMulti<Grouping, [Tensor], [Tensor, Tensor, Tensor]>({
    name,
    saves: OUTPUT,
    infer: ([x], { groups }) => [
      { shape: x.shape, dtype: x.dtype },
      { shape: [groups], dtype: x.dtype },
      { shape: [groups], dtype: x.dtype },
    ],
    kernel: ([x], grouping, outs) => standardizeGroups(x, grouping, outs),
    derivative: (grads, node) => [standardizeBackward(grads, node)],
  });
}

/** In terms of the results, which carry their own graph, so that it can be differentiated again. */
function standardizeBackward(
  [g, gMean, gVariance]: readonly (Tensor | null)[],
  node: GradNode<Grouping>,
): Tensor | null {
  const { outer, groups, inner, eps } = node.attrs;
  const count = outer * inner;
  const parts = [outer, groups, inner];
  const xhat = node.output(0).reshape(parts);
  const std2 = node.output(2).add(eps).reshape([1, groups, 1]);
  let result: Tensor | null = null;
  const add = (term: Tensor): void => {
    result = result === null ? term : result.add(term);
  };
  if (g != null) {
    const gy = g.reshape(parts);
    const mean = gy.mean([0, 2], { keepdim: true });
    const projection = gy.mul(xhat).mean([0, 2], { keepdim: true });
    add(gy.sub(mean).sub(xhat.mul(projection)).mul(std2.rsqrt()));
  }
  if (gMean != null) add(gMean.reshape([1, groups, 1]).div(count).expand(parts));
  if (gVariance != null) {
    const share = gVariance.reshape([1, groups, 1]).mul(std2.sqrt());
    add(xhat.mul(share.mul(2 / count)));
  }
  return result === null ? null : (result as Tensor).reshape(node.shape(0));
}

/** y * weight + bias, where there are any. */
export function affine(y: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  if (weight === null) return bias === null ? y : y.add(bias);
  return bias === null ? y.mul(weight) : addcmul(bias, y, weight);
}

/** The normalisation of channels, by the batch or by each sample. */
export const byChannels = /* @__PURE__ */ standardize('native_batch_norm');

/** What is given for each channel, by PyTorch's names. */
type OfChannels = Readonly<
  Record<'running_mean' | 'running_var' | 'weight' | 'bias', Tensor | null | undefined>
>;

/** Refuses what is given for another number of channels. */
export function checkChannels(caller: string, channels: number, given: OfChannels): void {
  for (const [name, p] of Object.entries(given)) {
    if (p != null && p.count !== channels)
      throw new ShapeError(`${caller}: ${name} should contain ${channels} elements not ${p.count}`);
  }
}

/** (x - mean) / sqrt(variance + eps), for each channel. */
export const normalizedBy = (x: Tensor, mean: Tensor, variance: Tensor, eps: number): Tensor =>
  x.sub(ofChannels(mean, x)).mul(ofChannels(variance.add(eps).rsqrt(), x));

/** What there is for each channel, as it broadcasts to x, (N, C, ...). */
export const ofChannels = (p: Tensor, x: Tensor): Tensor =>
  x.ndim === 2 ? p : p.reshape([p.count, ...x.shape.slice(2).map(() => 1)]);
