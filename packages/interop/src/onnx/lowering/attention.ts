import { type Graph, isStatic, type Name } from '../graph.ts';
import { attributesOf, fixed, inputOf, type Lowerings, NotInOnnx, range, same, shapeOf } from './lowering.ts';
import { expanded } from './views.ts';

interface Scoring {
  readonly scale: number;
  readonly isCausal: boolean;
}

export const attention: Lowerings = {
  /** softmax(q kᵀ scale + mask) v: of q (N, H, L, E), k and v (N, H or fewer, S, ·) the result (N, L, H, Ev). */
  scaled_dot_product_flash_attention_for_cpu(graph, [q = '', k = '', v = '', mask = ''], operation) {
    const { scale, isCausal } = attributesOf<Scoring>(operation);
    const { dtype, shape } = inputOf(operation);
    const [, heads] = shape;
    const [keys, values] = [1, 2].map((i) =>
      sharedByHeads(graph, i === 1 ? k : v, shapeOf(operation, i), heads),
    );
    const scaled = graph.add('Mul', [q, graph.constant([scale], [], dtype)]);
    let scores = graph.add('MatMul', [scaled, graph.transpose(keys ?? '', [0, 1, 3, 2])]);
    const low = graph.constant([Number.NEGATIVE_INFINITY], [], dtype);
    if (mask !== '') {
      scores =
        inputOf(operation, 3).dtype === 'bool'
          ? graph.add('Where', [mask, scores, low])
          : graph.add('Add', [scores, mask]);
    }
    if (isCausal) {
      const [l, s] = [shape[2], shapeOf(operation, 1)[2]].map((size) =>
        fixed(size, 'the length of a causal mask'),
      );
      const [rows = 0, columns = 0] = [l, s];
      const sees = range(rows * columns).map((i) => (i % columns <= Math.floor(i / columns) ? 1 : 0));
      scores = graph.add('Where', [graph.constant(sees, [rows, columns], 'bool'), scores, low]);
    }
    const weights = graph.add('Softmax', [scores], { axis: -1 });
    return [graph.transpose(graph.add('MatMul', [weights, values ?? '']), [0, 2, 1, 3]), ''];
  },
};

/** Keys or values for each head, where several heads share one. */
function sharedByHeads(
  graph: Graph,
  x: Name,
  shape: readonly (number | { perSample: number; fixed: number })[],
  heads: (typeof shape)[number] | undefined,
): Name {
  const [n = 1, own = 1, s = 1, e = 1] = shape;
  if (same(own, heads)) return x;
  if (heads === undefined || !isStatic(heads) || !isStatic(own))
    throw new NotInOnnx('a number of heads that follows the batch');
  const wide = graph.add('Unsqueeze', [x, graph.sizes([2])]);
  return graph.reshape(expanded(graph, wide, [n, own, 1, s, e], [n, own, heads / own, s, e]), [
    n,
    heads,
    s,
    e,
  ]);
}
