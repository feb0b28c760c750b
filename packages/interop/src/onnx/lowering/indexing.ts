import type { DType } from '@kindling/core';
import type { Operation } from '../../recording/index.ts';
import type { Graph, Name, Size } from '../graph.ts';
import { filled } from './arranging.ts';
import {
  attributesOf,
  inputOf,
  type Lowering,
  type Lowerings,
  NotInOnnx,
  outputOf,
  range,
  resultShape,
  same,
  shapeOf,
} from './lowering.ts';
import { cast, inverse, reduce } from './reductions.ts';
import { expanded } from './views.ts';

/**
 * Where the dimensions of indices go: where the first of those that are indexed was, if these stand side by side; else
 * in front.
 */
function leadOf(dims: readonly number[]): number {
  const [first = 0] = dims;
  return dims.every((d, k) => d === first + k) ? first : 0;
}

/** Indices of several dimensions as the rows of one tensor, for GatherND and ScatterND. */
const rowsOf = (graph: Graph, indices: readonly Name[], axis: number): Name => {
  const columns = indices.map((index) => graph.add('Unsqueeze', [index, graph.sizes([axis])]));
  return columns.length === 1 ? (columns[0] ?? '') : graph.add('Concat', columns, { axis });
};

interface Indexing {
  readonly dims: readonly number[];
  readonly accumulate?: boolean;
}

/** The order in which the indexed dimensions come first. */
const frontOrder = (rank: number, dims: readonly number[]): number[] => [
  ...dims,
  ...range(rank).filter((d) => !dims.includes(d)),
];

const indexed: Lowering = (graph, [x = '', ...indices], operation) => {
  const { dims } = attributesOf<Indexing>(operation);
  const [axis = 0] = dims;
  if (dims.length === 1) return graph.add('Gather', [x, ...indices], { axis });
  const rank = shapeOf(operation).length;
  const rankOfIndex = shapeOf(operation, 1).length;
  const turned = graph.transpose(x, frontOrder(rank, dims));
  const found = graph.add('GatherND', [turned, rowsOf(graph, indices, rankOfIndex)]);
  const lead = leadOf(dims);
  const after = range(lead, rankOfIndex);
  const rest = range(rank - dims.length - lead, rankOfIndex + lead);
  return graph.transpose(found, [...after, ...range(rankOfIndex), ...rest]);
};

/** For each entry how many bags have begun with it or before, less one. */
const bags: Lowering = (graph, [offsets = ''], operation) => {
  const { length } = attributesOf<{ readonly length: Size }>(operation);
  const number = (x: Size): Name => graph.number(x, 'int32');
  const places = graph.add('Range', [number(0), number(length), number(1)]);
  const begun = graph.add('GreaterOrEqual', [
    graph.add('Unsqueeze', [places, graph.sizes([1])]),
    graph.add('Unsqueeze', [offsets, graph.sizes([0])]),
  ]);
  const count = graph.add('ReduceSum', [graph.cast(begun, 'int32'), graph.sizes([1])], { keepdims: 0 });
  return graph.add('Sub', [count, number(1)]);
};

/** Rows that meet, in the way of a reduction, those of a tensor of one number to which they belong. */
function metAt(
  graph: Graph,
  [shape, start, dtype]: readonly [readonly Size[], number, DType],
  places: Name,
  rows: Name,
  reduction: 'add' | 'max' | 'min',
): Name {
  const at = graph.add('Unsqueeze', [places, graph.sizes([1])]);
  return graph.add('ScatterND', [filled(graph, shape, start, dtype), at, rows], { reduction });
}

const bagSums: Lowering = (graph, [x = '', from = '', to = ''], operation) => {
  const { dtype, shape } = outputOf(operation);
  return metAt(graph, [shape, 0, dtype], to, graph.add('Gather', [x, from], { axis: 0 }), 'add');
};

/**
 * Of each bag, column by column, the row that holds the greatest element first; NaN is greatest where a bag begins with
 * it.
 */
const greatestOfBags: Lowering = (graph, [table = '', indices = '', inBag = ''], operation) => {
  const { shape } = outputOf(operation);
  const { dtype } = inputOf(operation);
  const none = 2 ** 31 - 1;
  const integer = (x: Size): Name => graph.number(x, 'int32');
  const ofBag = (x: Name): Name => graph.add('Gather', [x, inBag], { axis: 0 });
  const column = (x: Name): Name => graph.add('Unsqueeze', [x, graph.sizes([1])]);
  const numbers = graph.add('Range', [integer(0), integer(shapeOf(operation, 1)[0] ?? 0), integer(1)]);
  const begins = metAt(graph, [shape.slice(0, 1), none, 'int32'], inBag, numbers, 'min');
  const atStart = column(graph.add('Equal', [numbers, ofBag(begins)]));
  const [most, least] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((x) =>
    graph.number(x, dtype),
  );
  const rows = graph.add('Gather', [table, indices], { axis: 0 });
  const ofNaN = graph.add('Where', [atStart, most ?? '', least ?? '']);
  const ordered = graph.add('Where', [graph.add('IsNaN', [rows]), ofNaN, rows]);
  const greatest = metAt(graph, [shape, Number.NEGATIVE_INFINITY, dtype], inBag, ordered, 'max');
  const isGreatest = graph.add('Equal', [ordered, ofBag(greatest)]);
  const candidates = graph.add('Where', [isGreatest, column(numbers), integer(none)]);
  const first = metAt(graph, [shape, none, 'int32'], inBag, candidates, 'min');
  const isEmpty = graph.add('Equal', [first, integer(none)]);
  const found = graph.add('Where', [isEmpty, integer(0), first]);
  return graph.add('Where', [isEmpty, integer(-1), graph.add('Gather', [indices, found], { axis: 0 })]);
};

/** Values stored or added where indices say. */
const put: Lowering = (graph, [x = '', values = '', ...indices], operation) => {
  const { dims, accumulate } = attributesOf<Indexing>(operation);
  const shape = shapeOf(operation);
  const index = shapeOf(operation, 2);
  const order = frontOrder(shape.length, dims);
  const rest = order.slice(dims.length).map((d) => shape[d] ?? 0);
  const lead = leadOf(dims);
  const target = [...rest.slice(0, lead), ...index, ...rest.slice(lead)];
  const wide = expanded(graph, values, shapeOf(operation, 1), target);
  const inFront = [
    ...range(index.length, lead),
    ...range(lead),
    ...range(rest.length - lead, lead + index.length),
  ];
  const { dtype } = outputOf(operation);
  const isBool = dtype === 'bool';
  const cells = [graph.transpose(x, order), graph.transpose(wide, inFront)].map((part) =>
    isBool && accumulate === true ? graph.cast(part, 'int32') : part,
  );
  const [data = '', updates = ''] = cells;
  const reduction = accumulate === true ? (isBool ? 'max' : 'add') : 'none';
  const written = graph.add('ScatterND', [data, rowsOf(graph, indices, index.length), updates], {
    reduction,
  });
  return graph.transpose(
    isBool && accumulate === true ? graph.cast(written, 'bool') : written,
    inverse(order),
  );
};

interface Scattering {
  readonly dim: number;
  readonly how: 'set' | 'sum' | 'prod' | 'mean' | 'amax' | 'amin';
  readonly includeSelf: boolean;
}

const reductionsOf = { set: 'none', sum: 'add', prod: 'mul', amax: 'max', amin: 'min' } as const;
const neutrals: Readonly<Record<string, number>> = {
  sum: 0,
  prod: 1,
  mean: 0,
  amax: Number.NEGATIVE_INFINITY,
  amin: Number.POSITIVE_INFINITY,
};

const scatter: Lowering = (graph, [x = '', index = '', source = ''], operation) => {
  const { dim, how, includeSelf } = attributesOf<Scattering>(operation);
  const { dtype, shape } = outputOf(operation);
  if (shape.length === 0) throw new NotInOnnx('scattering into a tensor of no dimensions', 'use where');
  const places = shapeOf(operation, 1);
  const values = shapeOf(operation, 2);
  // The source may be larger than the index.
  const updates = places.every((size, d) => same(size, values[d]))
    ? source
    : values.length === 0
      ? expanded(graph, source, values, places)
      : graph.add('Slice', [
          source,
          graph.sizes(places.map(() => 0)),
          graph.sizes(places),
          graph.sizes(range(places.length)),
        ]);
  const write = (data: Name, from: Name, reduction: string): Name =>
    graph.add('ScatterElements', [data, index, from], { axis: dim, reduction });
  if (how === 'set') return write(x, updates, 'none');
  const marks = (value: number, of: DType): Name => filled(graph, places, value, of);
  const isTouched = (): Name =>
    graph.cast(write(filled(graph, shape, 0, 'int32'), marks(1, 'int32'), 'max'), 'bool');
  const start = includeSelf
    ? x
    : graph.add('Where', [isTouched(), graph.number(neutrals[how] ?? 0, dtype), x]);
  if (how !== 'mean') return write(start, updates, reductionsOf[how]);
  const sum = write(start, updates, 'add');
  const counts = write(filled(graph, shape, includeSelf ? 1 : 0, dtype), marks(1, dtype), 'add');
  return graph.add('Div', [sum, graph.add('Max', [counts, graph.constant([1], [], dtype)])]);
};

/** Writes over all elements in one row. */
const putFlat: Lowering = (graph, [x = '', index = '', source = ''], operation) => {
  const { accumulate } = attributesOf<Indexing>(operation);
  const flat = (y: Name): Name => graph.add('Reshape', [y, graph.sizes([-1])]);
  const places = flat(index);
  const given = flat(source);
  const updates = graph.add('Expand', [given, graph.add('Shape', [places])]);
  const written = graph.add('ScatterElements', [flat(x), places, updates], {
    axis: 0,
    reduction: accumulate === true ? 'add' : 'none',
  });
  return graph.reshape(written, resultShape(operation));
};

/** Whether an operation's attributes say which dimensions are indexed, or x counts as one row. */
const putAny: Lowering = (graph, inputs, operation) =>
  'dims' in attributesOf<object>(operation)
    ? put(graph, inputs, operation)
    : putFlat(graph, inputs, operation);

const compared = (operation: Operation): DType => inputOf(operation).dtype;

/** The same with indices as ONNX has them: bytes as int64. */
const withIndices =
  (first: number, last: number, write: Lowering): Lowering =>
  (graph, inputs, operation) =>
    write(
      graph,
      inputs.map((x, i) =>
        i >= first && i <= last ? cast(graph, x, inputOf(operation, i).dtype, 'int32') : x,
      ),
      operation,
    );
const anyNumber = 16;

const table: Lowerings = {
  bags_of_offsets: bags,
  embedding_bag: bagSums,
  greatest_of_bags: greatestOfBags,
  index: indexed,
  index_select: indexed,
  index_put: putAny,
  index_add: putAny,
  index_copy: putAny,
  index_fill: putAny,
  put: putAny,
  gather(graph, [x = '', index = ''], operation) {
    if (shapeOf(operation).length === 0) return graph.reshape(x, resultShape(operation));
    return graph.add('GatherElements', [x, index], { axis: attributesOf<number>(operation) });
  },
  take: (graph, [x = '', index = '']) =>
    graph.add('Gather', [graph.add('Reshape', [x, graph.sizes([-1])]), index], { axis: 0 }),
  from_end(graph, [index = ''], operation) {
    const size = graph.number(attributesOf<Size>(operation), 'int32');
    const isNegative = graph.add('Less', [index, graph.constant([0], [], 'int32')]);
    return graph.add('Where', [isNegative, graph.add('Add', [index, size]), index]);
  },
  scatter,
  scatter_add: scatter,
  scatter_reduce: scatter,
  embedding_indices: (graph, [indices = ''], operation) =>
    graph.add('Reshape', [cast(graph, indices, inputOf(operation).dtype, 'int32'), graph.sizes([-1])]),
  embedding: (graph, [weight = '', indices = '']) => graph.add('Gather', [weight, indices], { axis: 0 }),
  masked_scatter(graph, [x = '', mask = '', source = ''], operation) {
    const flat = (y: Name): Name => graph.add('Reshape', [y, graph.sizes([-1])]);
    const counts = graph.add('CumSum', [graph.cast(flat(mask), 'int32'), graph.number(0, 'int32')]);
    const places = graph.add('Max', [
      graph.add('Sub', [counts, graph.constant([1], [], 'int32')]),
      graph.constant([0], [], 'int32'),
    ]);
    const taken = graph.add('Gather', [flat(source), places], { axis: 0 });
    return graph.add('Where', [mask, graph.reshape(taken, resultShape(operation)), x]);
  },
  one_hot(graph, [x = ''], operation) {
    const depth = graph.size(attributesOf<Size>(operation));
    return graph.add('OneHot', [
      cast(graph, x, compared(operation), 'int32'),
      depth,
      graph.constant([0, 1], [2], 'int32'),
    ]);
  },
  isin(graph, [x = '', among = ''], operation) {
    const { invert } = attributesOf<{ readonly invert: boolean }>(operation);
    const [a, b] = operation.inputs.map(({ dtype }) => dtype);
    const common = a === b ? (a ?? 'float32') : 'float64';
    const list = graph.add('Reshape', [cast(graph, among, b ?? common, common), graph.sizes([-1])]);
    const one = graph.add('Unsqueeze', [
      cast(graph, x, a ?? common, common),
      graph.sizes([shapeOf(operation).length]),
    ]);
    const hits = graph.cast(graph.add('Equal', [one, list]), 'int32');
    const found = graph.cast(reduce(graph, 'ReduceMax', hits, [shapeOf(operation).length], false), 'bool');
    return invert ? graph.add('Not', [found]) : found;
  },
  searchsorted(graph, [boundaries = '', values = ''], operation) {
    const { right } = attributesOf<{ readonly right: boolean }>(operation);
    const [b, v] = [inputOf(operation, 0), inputOf(operation, 1)];
    const common = b.dtype === v.dtype ? b.dtype : 'float64';
    const one = graph.add('Unsqueeze', [cast(graph, values, v.dtype, common), graph.sizes([v.shape.length])]);
    const cut = cast(graph, boundaries, b.dtype, common);
    const rows =
      b.shape.length === 1 ? cut : graph.add('Unsqueeze', [cut, graph.sizes([b.shape.length - 1])]);
    const before = graph.add(right ? 'LessOrEqual' : 'Less', [rows, one]);
    return reduce(graph, 'ReduceSum', graph.cast(before, 'int32'), [v.shape.length], false);
  },
};

/** Which inputs are indices, from where to where. */
const places: Readonly<Record<string, readonly [number, number]>> = {
  index: [1, anyNumber],
  index_select: [1, 1],
  gather: [1, 1],
  take: [1, 1],
  embedding: [1, 1],
  embedding_bag: [1, 2],
  greatest_of_bags: [1, 2],
  scatter: [1, 1],
  scatter_add: [1, 1],
  scatter_reduce: [1, 1],
};

export const indexing: Lowerings = Object.fromEntries(
  Object.entries(table).map(([name, write]) => {
    const [first, last] = places[name] ?? [1, 0];
    return [name, withIndices(first, last, write)];
  }),
);
