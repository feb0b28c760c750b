import type { Operation } from '../../recording/index.ts';
import type { Graph, Name } from '../graph.ts';
import { inputOf, type Lowerings, resultShape, shapeOf } from './lowering.ts';
import { cast, reduce } from './reductions.ts';

/** The elements of x at places of their planes, of which -1 is none, each times its weight, summed up over the taps. */
function sumOfTaps(
  graph: Graph,
  x: Name,
  places: { readonly index: Name; readonly weights: Name; readonly at: number },
  operation: Operation,
): Name {
  const [batch = 1, channels = 1] = resultShape(operation);
  const [, taps = 1] = shapeOf(operation, places.at);
  const { dtype } = inputOf(operation);
  // Behind each plane stands a 0, which is its last element: number -1.
  const zero = graph.add('Expand', [
    graph.constant([0], [1, 1, 1], dtype),
    graph.sizes([batch, channels, 1]),
  ]);
  const planes = graph.add('Unsqueeze', [graph.add('Concat', [x, zero], { axis: 2 }), graph.sizes([2])]);
  const all = graph.add('Expand', [planes, graph.sizes([1, 1, taps, 1])]);
  const ofSamples = (name: Name): Name => graph.add('Unsqueeze', [name, graph.sizes([1])]);
  const index = cast(graph, places.index, inputOf(operation, places.at).dtype, 'int32');
  const which = graph.add('Expand', [ofSamples(index), graph.sizes([1, channels, 1, 1])]);
  const found = graph.add('GatherElements', [all, which], { axis: 3 });
  return reduce(graph, 'ReduceSum', graph.add('Mul', [found, ofSamples(places.weights)]), [2], false);
}

export const taps: Lowerings = {
  sum_taps: (graph, [x = '', weights = '', index = ''], operation) =>
    sumOfTaps(graph, x, { index, weights, at: 2 }, operation),
  bilinear: (graph, [x = '', index = '', weights = ''], operation) =>
    sumOfTaps(graph, x, { index, weights, at: 1 }, operation),
};
