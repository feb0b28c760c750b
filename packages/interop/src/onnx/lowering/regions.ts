/** Regions of memory, by strides: read and written by the places of their elements. */
import { type Graph, isStatic, type Name, type Size } from '../graph.ts';
import { NotInOnnx, product, range, same } from './lowering.ts';

/** Which elements of a dense tensor a region shows. */
export interface Region {
  readonly shape: readonly Size[];
  readonly strides: readonly Size[];
  readonly offset: Size;
}

/** A region by rows: where its elements lie in each row of a matrix, whose rows are the samples or all there is. */
interface Places {
  readonly rows: Size;
  readonly perRow: number;
  readonly places: readonly number[];
}

function placesOf(dense: readonly Size[], { shape, strides, offset }: Region): Places {
  const byBatch = dense.some((size) => !isStatic(size)) || shape.some((size) => !isStatic(size));
  const inner = byBatch ? 1 : 0;
  const sizes = dense.slice(inner);
  const perRow = product(sizes.filter(isStatic));
  const [known, steps] = [shape.slice(inner), strides.slice(inner)];
  if (
    !sizes.every(isStatic) ||
    !known.every(isStatic) ||
    !steps.every(isStatic) ||
    !isStatic(offset) ||
    (byBatch && !(same(dense[0], shape[0]) && strides[0] === perRow))
  ) {
    throw new NotInOnnx(
      'a region of memory crosses samples of the batch',
      'slice and index the tensor instead',
    );
  }
  const places = known.reduce<number[]>(
    (all, size, d) => all.flatMap((place) => range(size).map((i) => place + i * (steps[d] ?? 0))),
    [offset],
  );
  return { rows: byBatch ? (dense[0] ?? 1) : 1, perRow, places };
}

/** The elements of a dense tensor in a region. */
export function gatherRegion(graph: Graph, x: Name, dense: readonly Size[], region: Region): Name {
  const { rows, perRow, places } = placesOf(dense, region);
  const flat = graph.reshape(x, [rows, perRow]);
  const taken = graph.add('Gather', [flat, graph.constant(places, [places.length], 'int32')], { axis: 1 });
  return graph.reshape(taken, region.shape);
}

/**
 * A dense tensor with values, which have the region's shape, in a region; `reduction` says what becomes of what was
 * there.
 */
export function scatterRegion(
  graph: Graph,
  x: Name,
  dense: readonly Size[],
  region: Region,
  values: Name,
  reduction: 'none' | 'add',
): Name {
  const { rows, perRow, places } = placesOf(dense, region);
  const flat = graph.reshape(x, [rows, perRow]);
  const row = graph.constant(places, [1, places.length], 'int32');
  const index = rows === 1 ? row : graph.add('Expand', [row, graph.sizes([rows, 1])]);
  const updates = graph.reshape(values, [rows, places.length]);
  const written = graph.add('ScatterElements', [flat, index, updates], { axis: 1, reduction });
  return graph.reshape(written, dense);
}
