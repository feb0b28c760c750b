import { addcmul, defineMulti, elementsOf, type GradNode, OUTPUT, type Tensor } from '@kindling/core';

/** How elements are grouped: element (o, g, i) of the input seen as (outer, groups, inner) belongs to group g. */
interface StandardizeAttributes {
  readonly outer: number;
  readonly groups: number;
  readonly inner: number;
  /** Added to the variance. */
  readonly eps: number;
}

/**
 * The one primitive behind layer and batch normalisation: (x - mean) / sqrt(var + eps) by group, and the groups' mean
 * and biased variance. Sums are in float64.
 */
export function standardize(name: string) {
  return defineMulti<StandardizeAttributes, [Tensor], [Tensor, Tensor, Tensor]>({
    name,
    saves: OUTPUT,
    infer: ([x], { groups }) => [
      { shape: x.shape, dtype: x.dtype },
      { shape: [groups], dtype: x.dtype },
      { shape: [groups], dtype: x.dtype },
    ],
    kernel: standardizeKernel,
    derivative: (grads, node) => [standardizeBackward(grads, node)],
  });
}

function standardizeKernel(
  [x]: [Tensor],
  { outer, groups, inner, eps }: StandardizeAttributes,
  outs: [Tensor, Tensor, Tensor],
): void {
  const source = elementsOf(x);
  const normalized = elementsOf(outs[0]);
  const means = elementsOf(outs[1]);
  const variances = elementsOf(outs[2]);
  const stride = groups * inner;
  const count = outer * inner;
  for (let g = 0; g < groups; g++) {
    let sum = 0;
    for (let o = 0; o < outer; o++) {
      const start = o * stride + g * inner;
      for (let i = start; i < start + inner; i++) sum += source[i]!;
    }
    const mean = sum / count;
    let squares = 0;
    for (let o = 0; o < outer; o++) {
      const start = o * stride + g * inner;
      for (let i = start; i < start + inner; i++) {
        const d = source[i]! - mean;
        squares += d * d;
      }
    }
    const variance = squares / count;
    const rstd = 1 / Math.sqrt(variance + eps);
    for (let o = 0; o < outer; o++) {
      const start = o * stride + g * inner;
      for (let i = start; i < start + inner; i++) normalized[i] = (source[i]! - mean) * rstd;
    }
    means[g] = mean;
    variances[g] = variance;
  }
}

/** In terms of the results, which carry their own graph, so that it can be differentiated again. */
function standardizeBackward(
  [g, gMean, gVariance]: readonly (Tensor | null)[],
  node: GradNode<StandardizeAttributes>,
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
