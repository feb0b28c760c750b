import type { Graph, Name, Size } from '../graph.ts';
import {
  attributesOf,
  fixed,
  type Lowering,
  type Lowerings,
  linear,
  NotInOnnx,
  plus,
  range,
  resultShape,
  same,
  shapeOf,
  toTheEnd,
} from './lowering.ts';
import { gatherRegion, type Region } from './regions.ts';

interface Range {
  readonly dim: number;
  readonly start: Size;
  readonly step: number;
  readonly length: Size;
}

/** The part of a dimension from `start` up to `end`. */
const slice = (graph: Graph, x: Name, dim: number, start: Size, end: Size, step = 1): Name =>
  graph.add('Slice', [x, ...[start, end, dim, step].map((bound) => graph.size(bound))]);

const ranged: Lowering = (graph, [x = ''], operation) => {
  const { dim, start, step, length } = attributesOf<Range>(operation);
  const size = shapeOf(operation)[dim];
  if (start === 0 && step === 1 && same(length, size)) return x;
  return slice(graph, x, dim, start, plus(start, linear(length, step, 1 - step)), step);
};

const chosen: Lowering = (graph, [x = ''], operation) => {
  const { dim, index } = attributesOf<{ readonly dim: number; readonly index: Size }>(operation);
  return graph.add('Gather', [x, graph.number(index, 'int32')], { axis: dim });
};

const reshaped: Lowering = (graph, [x = ''], operation) => graph.reshape(x, resultShape(operation));

/** The same elements: nothing to be done. */
const unchanged: Lowering = (_, [x = '']) => x;

const swapped = (rank: number, a: number, b: number): number[] =>
  range(rank).map((d) => (d === a ? b : d === b ? a : d));

export const expanded = (graph: Graph, x: Name, from: readonly Size[], to: readonly Size[]): Name => {
  if (from.length === to.length && to.every((size, d) => same(size, from[d]))) return x;
  const lead = to.length - from.length;
  // Expand takes a 1 for what stays as it is.
  return graph.add('Expand', [x, graph.sizes(to.map((size, d) => (same(size, from[d - lead]) ? 1 : size)))]);
};

export const views: Lowerings = {
  transpose(graph, [x = ''], operation) {
    const [a, b] = attributesOf<readonly [number, number]>(operation);
    return graph.transpose(x, swapped(shapeOf(operation).length, a, b));
  },
  t: (graph, [x = '']) => graph.transpose(x, [1, 0]),
  permute: (graph, [x = ''], operation) => graph.transpose(x, attributesOf<readonly number[]>(operation)),
  view: reshaped,
  _unsafe_view: reshaped,
  squeeze(graph, [x = ''], operation) {
    const axes = attributesOf<readonly boolean[]>(operation).flatMap((dropped, d) => (dropped ? [d] : []));
    return axes.length === 0 ? x : graph.add('Squeeze', [x, graph.sizes(axes)]);
  },
  unsqueeze: (graph, [x = ''], operation) =>
    graph.add('Unsqueeze', [x, graph.sizes([attributesOf<number>(operation)])]),
  expand: (graph, [x = ''], operation) => expanded(graph, x, shapeOf(operation), resultShape(operation)),
  slice: ranged,
  split: ranged,
  narrow: ranged,
  select: chosen,
  unbind: chosen,
  split_with_sizes_copy(graph, [x = ''], operation) {
    const { sizes, dim } = attributesOf<{ readonly sizes: readonly Size[]; readonly dim: number }>(operation);
    return graph.addMany('Split', [x, graph.sizes(sizes)], { axis: dim }, sizes.length);
  },
  diagonal(graph, [x = ''], operation) {
    const { offset, dim1, dim2 } = attributesOf<Record<'offset' | 'dim1' | 'dim2', number>>(operation);
    const shape = shapeOf(operation);
    const others = range(shape.length).filter((d) => d !== dim1 && d !== dim2);
    const [rows, columns] = [dim1, dim2].map((d) =>
      fixed(shape[d], 'a matrix of which the diagonal is taken'),
    );
    const [height = 0, width = 0] = [rows, columns];
    const count = fixed(resultShape(operation).at(-1), 'the length of a diagonal');
    const first = offset >= 0 ? offset : -offset * width;
    const flat = graph.reshape(graph.transpose(x, [...others, dim1, dim2]), [
      ...others.map((d) => shape[d] ?? 0),
      height * width,
    ]);
    const step = width + 1;
    return slice(
      graph,
      flat,
      others.length,
      first,
      first + Math.max(0, (count - 1) * step + (count > 0 ? 1 : 0)),
      step,
    );
  },
  unfold(graph, [x = ''], operation) {
    const { dim, size, step } = attributesOf<Record<'dim' | 'size' | 'step', number>>(operation);
    const shape = resultShape(operation);
    if (shapeOf(operation).length === 0) return graph.reshape(x, shape);
    const windows = fixed(shape[dim], 'the number of windows');
    const places = range(windows).flatMap((w) => range(size, w * step));
    const taken = graph.add('Gather', [x, graph.constant(places, [windows, size], 'int32')], { axis: dim });
    const rest = range(shape.length).filter((d) => d !== dim + 1);
    return graph.transpose(taken, [...rest, dim + 1]);
  },
  as_strided(graph, [x = ''], operation) {
    const given = attributesOf<Region | { readonly region: Region; readonly from: Region }>(operation);
    if (!('region' in given)) return gatherRegion(graph, x, shapeOf(operation), given);
    const { region, from } = given;
    let expected: Size = 1;
    for (const [d, size] of [...from.shape.entries()].reverse()) {
      if (size !== 1 && !same(from.strides[d], expected))
        throw new NotInOnnx('asStrided looks at the memory of a view', 'take it of x.contiguous()');
      expected = typeof size === 'number' ? linear(expected, size) : expected;
    }
    return gatherRegion(graph, x, shapeOf(operation), region);
  },
  detach: unchanged,
  alias: unchanged,
  clone: unchanged,
  lift_fresh: unchanged,
  flip(graph, [x = ''], operation) {
    const dims = attributesOf<readonly number[]>(operation);
    if (dims.length === 0) return x;
    const all = (value: number): Name => graph.sizes(dims.map(() => value));
    return graph.add('Slice', [x, all(-1), all(-toTheEnd), graph.sizes(dims), all(-1)]);
  },
  roll(graph, [x = ''], operation) {
    const shifts = attributesOf<readonly { readonly dim: number; readonly shift: number }[]>(operation);
    return shifts.reduce((rolled, { dim, shift }) => {
      if (shift === 0) return rolled;
      const parts = [slice(graph, rolled, dim, -shift, toTheEnd), slice(graph, rolled, dim, 0, -shift)];
      return graph.add('Concat', parts, { axis: dim });
    }, x);
  },
};
