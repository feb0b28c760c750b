/**
 * Attention as one operation: what is kept for its derivative are its inputs, its result, and two numbers for each
 * query.
 */

import { attention, attentionBackward, type Strided, stridedOver } from '../../kernels/index.ts';
import { applyMulti, defineMulti, type GradNode, isGradEnabled } from '../../record/index.ts';
import { ALL_INPUTS, OUTPUT } from '../../record/node.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { attentionWeights, sharedByHeads } from './weights.ts';

/** How scores are made. */
interface Scoring {
  readonly scale: number;
  readonly isCausal: boolean;
}

/**
 * Queries (N, H, L, E), keys (N, H / group, S, E), values (N, H / group, S, Ev), and perhaps a mask (N or 1, H or 1, L
 * or 1, S).
 */
type Inputs = readonly [Tensor, Tensor, Tensor, ...mask: Tensor[]];

function sizesOf(q: Shape, k: Shape, v: Shape, { scale, isCausal }: Scoring) {
  const [batch = 0, heads = 0, queries = 0, size = 0] = q;
  const [, own = 1, keys = 0] = k;
  const valueSize = v[3] ?? 0;
  return { batch, heads: own, group: heads / own, queries, keys, size, valueSize, isCausal, scale };
}

/** (N, L, H, E) as (N, H, L, E). */
function byHeads({ storage, dtype, shape, strides, offset }: Tensor): Strided {
  const turn = (x: readonly number[]): number[] => [x[0] ?? 0, x[2] ?? 0, x[1] ?? 0, x[3] ?? 0];
  return stridedOver(storage.array, dtype, turn(shape), offset, turn(strides));
}

/** Whether an input lies by tokens, all heads of one side by side. */
const liesByTokens = ({ strides: [, head = 0, row = 0] }: Tensor): boolean => head < row;

interface Back extends Scoring {
  /** Which of the gradients lie by tokens too: (N, L, H, E). */
  readonly byTokens: readonly [boolean, boolean, boolean];
}

const transposed = ([n = 0, h = 0, l = 0, e = 0]: Shape): Shape => [n, l, h, e];

/** The gradient, then what {@link attentionPrimitive} gave, (N, L, H, Ev) and (N, H, L, 2), and took. */
type BackInputs = readonly [Tensor, Tensor, Tensor, ...Inputs];

const backwardPrimitive = /* @__PURE__ */ defineMulti<Back, BackInputs, [Tensor, Tensor, Tensor]>({
  name: 'scaled_dot_product_flash_attention_for_cpu_backward',
  saves: 0,
  infer([, , , ...inputs], { byTokens }) {
    const [q, k, v] = inputs;
    const like = ({ shape, dtype }: Tensor, i: number) => ({
      shape: byTokens[i] === true ? transposed(shape) : shape,
      dtype,
    });
    return [like(q, 0), like(k, 1), like(v, 2)];
  },
  kernel([g, out, statistics, q, k, v, mask], attrs, results) {
    const [dq, dk, dv] = results.map((x, i) => (attrs.byTokens[i] === true ? byHeads(x) : x)) as [
      Strided,
      Strided,
      Strided,
    ];
    attentionBackward(
      sizesOf(q.shape, k.shape, v.shape, attrs),
      { q, k, v, mask: mask ?? null, out: byHeads(out), statistics },
      { g: byHeads(g), dq, dk, dv },
    );
  },
});

/** The gradients by operations that can be differentiated again. */
function differentiable(
  g: Tensor,
  [q, k, v, mask]: Inputs,
  { scale, isCausal }: Scoring,
): readonly [Tensor, Tensor, Tensor] {
  const heads = q.size(1);
  const [keys, values] = [sharedByHeads(k, heads), sharedByHeads(v, heads)];
  const made = attentionWeights(q, keys, { scale, isCausal, mask: mask ?? null });
  // A query that is NaN has no weight, not NaN, for keys that it does not see.
  const weights = isCausal ? made.tril() : made;
  const byWeights = g.matmul(values.transpose(-2, -1));
  const slopes = weights.mul(byWeights.sub(weights.mul(byWeights).sum(-1, { keepdim: true })));
  const toOwn = (x: Tensor, { shape }: Tensor): Tensor => {
    const [n = 0, own = 0, s = 0, e = 0] = shape;
    return own === heads ? x : x.reshape([n, own, heads / own, s, e]).sum(2);
  };
  return [
    slopes.matmul(keys).mul(scale),
    toOwn(slopes.transpose(-2, -1).matmul(q).mul(scale), k),
    toOwn(weights.transpose(-2, -1).matmul(g), v),
  ];
}

const inputsOf = (node: GradNode<Scoring>): Inputs => [
  node.input(0),
  node.input(1),
  node.input(2),
  ...(node.inputShapes.length > 3 ? [node.input(3)] : []),
];

/** Attention, (N, L, H, Ev), and the two numbers for each query. */
const attentionPrimitive = /* @__PURE__ */ defineMulti<Scoring, Inputs, [Tensor, Tensor]>({
  name: 'scaled_dot_product_flash_attention_for_cpu',
  saves: ALL_INPUTS | OUTPUT,
  infer([q, , v]) {
    const [n = 0, h = 0, l = 0] = q.shape;
    const { dtype } = q;
    return [
      { shape: [n, l, h, v.shape[3] ?? 0], dtype },
      { shape: [n, h, l, 2], dtype },
    ];
  },
  kernel([q, k, v, mask], attrs, [out, statistics]) {
    attention(sizesOf(q.shape, k.shape, v.shape, attrs), {
      ...{ q, k, v, mask: mask ?? null },
      ...{ out: byHeads(out), statistics },
    });
  },
  derivative([g], node) {
    const inputs = inputsOf(node);
    const none = inputs.slice(3).map(() => null);
    if (g === null) return [null, null, null, ...none];
    const [q, k, v] = inputs;
    if (isGradEnabled()) return [...differentiable(g.transpose(1, 2), inputs, node.attrs), ...none];
    const byTokens = [liesByTokens(q), liesByTokens(k), liesByTokens(v)] as const;
    const found = applyMulti(backwardPrimitive, [g, node.output(0), node.output(1), ...inputs], {
      ...node.attrs,
      byTokens,
    });
    return [...found.map((x, i) => (byTokens[i] === true ? x.transpose(1, 2) : x)), ...none];
  },
});

/**
 * softmax(q k^T scale + mask) v, (N, H, L, Ev), which lies by tokens; q, k, v and the mask as {@link Inputs}, none
 * empty.
 */
export function attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, scoring: Scoring): Tensor {
  const [out] = applyMulti(attentionPrimitive, mask === null ? [q, k, v] : [q, k, v, mask], scoring);
  return out.transpose(1, 2);
}
