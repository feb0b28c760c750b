import { type DType, isFloatingPoint } from '@kindling/core';
import type { Operation } from '../../recording/index.ts';
import type { Graph, Name, Size } from '../graph.ts';
import {
  attributesOf,
  fixed,
  inputOf,
  type Lowering,
  type Lowerings,
  linear,
  outputOf,
  range,
  resultShape,
  shapeOf,
} from './lowering.ts';

/** A reduction over dimensions; over none it leaves everything as it is. */
export const reduce = (
  graph: Graph,
  opType: string,
  x: Name,
  axes: readonly number[],
  keeps: boolean,
): Name => (axes.length === 0 ? x : graph.add(opType, [x, graph.sizes(axes)], keeps ? {} : { keepdims: 0 }));

interface Dims {
  readonly dims: readonly number[];
}

const keepsDims = (operation: Operation): boolean =>
  resultShape(operation).length === shapeOf(operation).length;

/** A reduction of what `write` makes of x in the result's dtype, or in int64 for all integers. */
const over =
  (opType: string, prepare?: (graph: Graph, x: Name, operation: Operation) => Name): Lowering =>
  (graph, [x = ''], operation) => {
    const { dims } = attributesOf<Dims>(operation);
    const [from, to] = [inputOf(operation).dtype, outputOf(operation).dtype];
    const wide: DType = isFloatingPoint(to) ? to : 'int32';
    const prepared = prepare === undefined ? cast(graph, x, from, wide) : prepare(graph, x, operation);
    return cast(graph, reduce(graph, opType, prepared, dims, keepsDims(operation)), wide, to);
  };

const cast = (graph: Graph, x: Name, from: DType, to: DType): Name => (from === to ? x : graph.cast(x, to));

/** 1 where x is not 0. */
const truth = (graph: Graph, x: Name, operation: Operation): Name => {
  const { dtype } = inputOf(operation);
  if (dtype === 'bool') return graph.cast(x, 'int32');
  return graph.cast(graph.add('Not', [graph.add('Equal', [x, graph.constant([0], [], dtype)])]), 'int32');
};

const withoutNaN = (graph: Graph, x: Name, operation: Operation): Name => {
  const { dtype } = inputOf(operation);
  if (!isFloatingPoint(dtype)) return cast(graph, x, dtype, 'int32');
  return graph.add('Where', [graph.add('IsNaN', [x]), graph.constant([0], [], dtype), x]);
};

interface Moment extends Dims {
  readonly count: Size;
  readonly correction: number;
}

/** Variance or its root, and perhaps the mean. */
const moment =
  (root: boolean, withMean: boolean): Lowering =>
  (graph, [x = ''], operation) => {
    const { dims, count, correction } = attributesOf<Moment>(operation);
    const { dtype } = outputOf(operation);
    const keeps = keepsDims(operation);
    const mean = reduce(graph, 'ReduceMean', x, dims, true);
    const distance = graph.add('Sub', [x, mean]);
    const sum = reduce(graph, 'ReduceSum', graph.add('Mul', [distance, distance]), dims, keeps);
    const divisor = graph.add('Max', [
      graph.number(linear(count, 1, -correction), dtype),
      graph.constant([0], [], dtype),
    ]);
    const variance = graph.add('Div', [sum, divisor]);
    const result = root ? graph.add('Sqrt', [variance]) : variance;
    if (!withMean) return result;
    return [result, keeps || dims.length === 0 ? mean : graph.add('Squeeze', [mean, graph.sizes(dims)])];
  };

/** The place of an extremum; over all dimensions its place among all elements. */
const place =
  (opType: string): Lowering =>
  (graph, [x = ''], operation) => {
    const { dim, dims } = attributesOf<Dims & { readonly dim: number | null }>(operation);
    const input = inputOf(operation);
    const wide = input.dtype === 'bool' ? graph.cast(x, 'int32') : x;
    if (dim !== null && dims.length > 0)
      return graph.add(opType, [wide], { axis: dim, keepdims: keepsDims(operation) ? 1 : 0 });
    const found = graph.add(opType, [graph.add('Reshape', [wide, graph.sizes([-1])])], {
      axis: 0,
      keepdims: 0,
    });
    return graph.reshape(found, resultShape(operation));
  };

const withPlace =
  (reduceOp: string, argOp: string): Lowering =>
  (graph, [x = ''], operation) => {
    const { dims, dim } = attributesOf<Dims & { readonly dim: number }>(operation);
    const { dtype } = inputOf(operation);
    const keeps = keepsDims(operation);
    const wide = isFloatingPoint(dtype) ? x : cast(graph, x, dtype, 'int32');
    const best = reduce(graph, reduceOp, wide, dims, keeps);
    const found =
      dims.length === 0
        ? graph.constant([0], [], 'int32')
        : graph.add(argOp, [wide], { axis: dim, keepdims: keeps ? 1 : 0 });
    return [isFloatingPoint(dtype) ? best : cast(graph, best, 'int32', dtype), found];
  };

/** For each place along a dimension a reduction of the elements up to it, which stand in rows behind a mask. */
const running =
  (opType: string, neutral: (dtype: DType) => number): Lowering =>
  (graph, [x = ''], operation) =>
    runningRows(graph, x, operation, neutral, (rows, rank) => reduce(graph, opType, rows, [rank], false));

function runningRows(
  graph: Graph,
  x: Name,
  operation: Operation,
  neutral: (dtype: DType) => number,
  write: (rows: Name, axis: number) => Name,
): Name {
  const { dtype } = outputOf(operation);
  const shape = shapeOf(operation);
  if (shape.length === 0) return x;
  const dim = attributesOf<number>(operation);
  const length = fixed(shape[dim], 'the dimension that a scan goes along');
  const rank = shape.length;
  const order = [...range(rank).filter((d) => d !== dim), dim];
  const last = graph.add('Unsqueeze', [graph.transpose(x, order), graph.sizes([rank - 1])]);
  const upTo = range(length * length).map((i) => (i % length <= Math.floor(i / length) ? 1 : 0));
  const mask = graph.constant(upTo, [length, length], 'bool');
  const rows = graph.add('Where', [mask, last, graph.constant([neutral(dtype)], [], dtype)]);
  return graph.transpose(write(rows, rank), inverse(order));
}

const inverse = (order: readonly number[]): number[] => range(order.length).map((d) => order.indexOf(d));

/** Running extrema and their last places. */
const runningExtremum =
  (reduceOp: string, argOp: string, side: 1 | -1): Lowering =>
  (graph, [x = ''], operation) => {
    const neutral = (dtype: DType): number =>
      isFloatingPoint(dtype) ? side * Number.NEGATIVE_INFINITY : side * -(2 ** 31);
    const values = runningRows(graph, x, operation, neutral, (rows, axis) =>
      reduce(graph, reduceOp, rows, [axis], false),
    );
    if (shapeOf(operation).length === 0) return [values, graph.constant([0], [], 'int32')];
    const places = runningRows(graph, x, operation, neutral, (rows, axis) =>
      graph.add(argOp, [rows], { axis, keepdims: 0, select_last_index: 1 }),
    );
    return [values, places];
  };

export const reductions: Lowerings = {
  sum: over('ReduceSum'),
  mean: over('ReduceMean'),
  nansum: over('ReduceSum', withoutNaN),
  amax: over('ReduceMax'),
  amin: over('ReduceMin'),
  prod: over('ReduceProd'),
  all: over('ReduceMin', truth),
  any: over('ReduceMax', truth),
  count_nonzero: over('ReduceSum', truth),
  logsumexp: over('ReduceLogSumExp'),
  var: moment(false, false),
  std: moment(true, false),
  var_mean: moment(false, true),
  std_mean: moment(true, true),
  argmax: place('ArgMax'),
  argmin: place('ArgMin'),
  max: withPlace('ReduceMax', 'ArgMax'),
  min: withPlace('ReduceMin', 'ArgMin'),
  softmax: (graph, [x = ''], operation) =>
    shapeOf(operation).length === 0
      ? graph.constant([1], [], outputOf(operation).dtype)
      : graph.add('Softmax', [x], { axis: attributesOf<number>(operation) }),
  log_softmax: (graph, [x = ''], operation) =>
    shapeOf(operation).length === 0
      ? graph.constant([0], [], outputOf(operation).dtype)
      : graph.add('LogSoftmax', [x], { axis: attributesOf<number>(operation) }),
  cumsum(graph, [x = ''], operation) {
    const { dim, reverse } = attributesOf<{ readonly dim: number; readonly reverse: boolean }>(operation);
    const { dtype } = outputOf(operation);
    const wide = cast(graph, x, inputOf(operation).dtype, dtype);
    if (shapeOf(operation).length === 0) return wide;
    return graph.add('CumSum', [wide, graph.number(dim, 'int32')], { reverse: reverse ? 1 : undefined });
  },
  cumprod: (graph, [x = ''], operation) =>
    running('ReduceProd', () => 1)(
      graph,
      [cast(graph, x, inputOf(operation).dtype, outputOf(operation).dtype)],
      operation,
    ),
  logcumsumexp: running('ReduceLogSumExp', () => Number.NEGATIVE_INFINITY),
  cummax: runningExtremum('ReduceMax', 'ArgMax', 1),
  cummin: runningExtremum('ReduceMin', 'ArgMin', -1),
};

export { cast, inverse };
