import { isFloatingPoint } from '@kindling/core';
import type { Graph, Name, Size } from '../graph.ts';
import { attributesOf, inputOf, type Lowerings, NotInOnnx, product, range } from './lowering.ts';
import { asBatch } from './windows.ts';

/** The windows along a dimension, as kernels/windows/pooling has them. */
type Along = Readonly<
  Record<'size' | 'out' | 'num' | 'den' | 'extra' | 'padding' | 'dilation', number> & {
    counts: 'inside' | 'padded' | number;
  }
>;

interface Windows {
  readonly rank: number;
  readonly out: readonly number[];
  readonly along: readonly Along[] | { readonly kernel: unknown };
}

function alongOf({ rank, along }: Windows): Along[] {
  if (!Array.isArray(along))
    throw new NotInOnnx(
      'windows at random places',
      'use an adaptive or a regular pooling where the net is to be exported',
    );
  // Of two dimensions the first stands where depth is, of one the only one where height is not: see
  // kernels/windows/geometry.ts.
  const used = rank === 3 ? [0, 1, 2] : rank === 2 ? [0, 2] : [2];
  return (along as readonly Along[])
    .filter((_, d) => used.includes(d))
    .map((a) =>
      // Adaptive windows that divide their dimension are regular.
      a.den > 1 && a.size % a.out === 0 ? { ...a, num: a.size / a.out, den: 1, extra: a.size / a.out } : a,
    );
}

/** How far the last window reaches beyond the end, as padding. */
const endOf = ({ out, num, extra, size, padding }: Along): number =>
  Math.max(0, (out - 1) * num + extra - size - padding);
const kernelOf = ({ extra, dilation }: Along): number => (extra - 1) / dilation + 1;

const attributesOfWindows = (along: readonly Along[], ends: readonly number[]) => ({
  kernel_shape: along.map(kernelOf),
  strides: along.map(({ num }) => num),
  pads: [...along.map(({ padding }) => padding), ...ends],
  dilations: along.some(({ dilation }) => dilation !== 1) ? along.map(({ dilation }) => dilation) : undefined,
});

/** The entries of a window, and by what its sum is divided. */
function windowOf({ size, num, den, extra, padding, dilation, counts }: Along, o: number) {
  const start = Math.floor((o * num) / den) - padding;
  const end = Math.floor((o * num + extra) / den) - padding;
  const entries = range(Math.ceil((end - start) / dilation))
    .map((i) => start + i * dilation)
    .filter((i) => i >= 0 && i < size);
  const divisor =
    typeof counts === 'number'
      ? counts
      : counts === 'inside'
        ? entries.length
        : Math.min(end, size + padding) - start;
  return { entries, divisor };
}

/**
 * Greatest entries and their places in the plane, of windows of any kind: all windows side by side, then a reduction.
 */
function greatest(graph: Graph, x: Name, shape: readonly Size[], along: readonly Along[]): readonly Name[] {
  const rank = along.length;
  const lead = shape.slice(0, -rank);
  const tables = along.map((a) => {
    const windows = range(a.out).map((o) => windowOf(a, o).entries);
    const length = Math.max(...windows.map((entries) => entries.length));
    // The last entry again where a window is shorter: the first of the greatest counts.
    return windows.map((entries) => range(length).map((i) => entries[Math.min(i, entries.length - 1)] ?? 0));
  });
  let wide = x;
  for (const [d, table] of tables.entries()) {
    const index = graph.constant(table.flat(), [table.length, table[0]?.length ?? 0], 'int32');
    wide = graph.add('Gather', [wide, index], { axis: lead.length + 2 * d });
  }
  const outs = range(rank).map((d) => lead.length + 2 * d);
  const order = [...range(lead.length), ...outs, ...outs.map((d) => d + 1)];
  const count = product(tables.map((table) => table[0]?.length ?? 0));
  const out = along.map((a) => a.out);
  const rows = graph.reshape(graph.transpose(wide, order), [...lead, ...out, count]);
  const axis = lead.length + rank;
  const best = graph.add('ReduceMax', [rows, graph.sizes([axis])], { keepdims: 0 });
  const which = graph.add('ArgMax', [rows], { axis, keepdims: 1 });
  const places = tables.reduce<number[][]>(
    (windows, table, d) =>
      windows.flatMap((before) =>
        table.map((entries) =>
          before.flatMap((place) => entries.map((i) => place * (along[d]?.size ?? 1) + i)),
        ),
      ),
    [[0]],
  );
  const ofPlane = graph.constant(places.flat(), [...lead.map(() => 1), ...out, count], 'int32');
  const all = graph.add('Expand', [ofPlane, graph.sizes([...lead, ...out, count])]);
  const found = graph.add('GatherElements', [all, which], { axis });
  return [best, graph.add('Squeeze', [found, graph.sizes([axis])])];
}

/** Means of windows of any kind: along each dimension a product with the matrix of what counts. */
function means(
  graph: Graph,
  x: Name,
  shape: readonly Size[],
  along: readonly Along[],
  dtype: 'float32' | 'float64',
): Name {
  const rank = along.length;
  return along.reduce((y, a, d) => {
    const dim = shape.length - rank + d;
    const matrix = new Array<number>(a.size * a.out).fill(0);
    for (let o = 0; o < a.out; o++) {
      const { entries, divisor } = windowOf(a, o);
      for (const i of entries) matrix[i * a.out + o] = 1 / divisor;
    }
    const order = [...range(shape.length).filter((k) => k !== dim), dim];
    const multiplied = graph.add('MatMul', [
      graph.transpose(y, order),
      graph.constant(matrix, [a.size, a.out], dtype),
    ]);
    return graph.transpose(
      multiplied,
      range(shape.length).map((k) => order.indexOf(k)),
    );
  }, x);
}

/** What `write` makes of images, as one batch whatever stands before their dimensions. */
const pooled = (
  graph: Graph,
  x: Name,
  shape: readonly Size[],
  along: readonly Along[],
  write: (y: Name) => Name[],
) => {
  const out = along.map((a) => a.out);
  return asBatch(graph, x, shape, along.length, write, out);
};

export const pooling: Lowerings = {
  max_pool(graph, [x = ''], operation) {
    const along = alongOf(attributesOf<Windows>(operation));
    const { shape, dtype } = inputOf(operation);
    const ends = along.map(endOf);
    const isRegular = along.every((a) => a.den === 1);
    const fits = along.every((a, d) => Math.max(a.padding, ends[d] ?? 0) < kernelOf(a));
    if (!isRegular || !fits || !isFloatingPoint(dtype)) return greatest(graph, x, shape, along);
    const write = (y: Name): Name[] => {
      const [values = '', places = ''] = graph.addMany('MaxPool', [y], attributesOfWindows(along, ends), 2);
      // ONNX counts places through the whole tensor.
      return [
        values,
        graph.add('Mod', [places, graph.number(product(along.map(({ size }) => size)), 'int32')]),
      ];
    };
    return pooled(graph, x, shape, along, write);
  },
  avg_pool(graph, [x = ''], operation) {
    const along = alongOf(attributesOf<Windows>(operation));
    const { shape, dtype } = inputOf(operation);
    if (!isFloatingPoint(dtype)) throw new NotInOnnx('means of integers', 'convert the tensor to float32');
    const ends = along.map(endOf);
    const [{ counts } = { counts: 'inside' }] = along;
    const isPlain = along.every(
      (a, d) =>
        a.den === 1 &&
        a.dilation === 1 &&
        a.counts === counts &&
        (ends[d] ?? 0) <= a.padding &&
        a.padding < kernelOf(a),
    );
    if (!isPlain || typeof counts === 'number')
      return means(graph, x, shape, along, dtype === 'float64' ? 'float64' : 'float32');
    const attributes = {
      ...attributesOfWindows(
        along,
        along.map(({ padding }) => padding),
      ),
      dilations: undefined,
      count_include_pad: counts === 'padded' ? 1 : undefined,
    };
    const write = (y: Name): Name[] => [graph.add('AveragePool', [y], attributes)];
    return pooled(graph, x, shape, along, write);
  },
};
