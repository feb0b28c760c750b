import { type DType, isFloatingPoint } from '@kindling/core';
import { float, type Graph, type Name, type Size } from '../graph.ts';
import { attributesOf, inputOf, type Lowerings, outputOf, shapeOf } from './lowering.ts';
import { reduce } from './reductions.ts';

interface Turned {
  readonly ta: boolean;
  readonly tb: boolean;
}

/** ONNX Runtime multiplies integers of 64 bits, no bytes and no bools. */
const onNumbers = (
  graph: Graph,
  dtype: DType,
  inputs: readonly Name[],
  write: (inputs: readonly Name[]) => Name,
): Name =>
  dtype === 'uint8' || dtype === 'bool'
    ? graph.cast(write(inputs.map((x) => graph.cast(x, 'int32'))), dtype)
    : write(inputs);

const turned = (graph: Graph, x: Name, isTurned: boolean, rank: number): Name =>
  isTurned ? graph.transpose(x, rank === 2 ? [1, 0] : [0, 2, 1]) : x;

interface Scales extends Turned {
  readonly alpha: number;
  readonly beta: number;
}

export const products: Lowerings = {
  mm(graph, inputs, operation) {
    const { ta, tb } = attributesOf<Turned>(operation);
    const { dtype } = outputOf(operation);
    if ((ta || tb) && isFloatingPoint(dtype))
      return graph.add('Gemm', inputs, { transA: ta ? 1 : undefined, transB: tb ? 1 : undefined });
    return onNumbers(graph, dtype, inputs, ([a = '', b = '']) =>
      graph.add('MatMul', [turned(graph, a, ta, 2), turned(graph, b, tb, 2)]),
    );
  },
  bmm(graph, inputs, operation) {
    const { ta, tb } = attributesOf<Turned>(operation);
    return onNumbers(graph, outputOf(operation).dtype, inputs, ([a = '', b = '']) =>
      graph.add('MatMul', [turned(graph, a, ta, 3), turned(graph, b, tb, 3)]),
    );
  },
  addmm(graph, inputs, operation) {
    const { ta, tb, alpha, beta } = attributesOf<Scales>(operation);
    const { dtype } = outputOf(operation);
    const [bias = '', a = '', b = ''] = inputs;
    // Of products over nothing ONNX Runtime's Gemm forgets beta.
    const isEmpty = shapeOf(operation, 1)[ta ? 0 : 1] === 0;
    if (isFloatingPoint(dtype) && !isEmpty) {
      return graph.add('Gemm', beta === 0 ? [a, b] : [a, b, bias], {
        alpha: alpha === 1 ? undefined : float(alpha),
        beta: beta === 1 || beta === 0 ? undefined : float(beta),
        transA: ta ? 1 : undefined,
        transB: tb ? 1 : undefined,
      });
    }
    return onNumbers(graph, dtype, [bias, a, b], ([c = '', x = '', y = '']) => {
      const scaled = (z: Name, factor: number): Name =>
        graph.add('Mul', [
          z,
          isEmpty ? graph.constant([factor], [], dtype) : graph.constant([Math.trunc(factor)], [], 'int32'),
        ]);
      const xy = graph.add('MatMul', [turned(graph, x, ta, 2), turned(graph, y, tb, 2)]);
      return graph.add('Add', [scaled(xy, alpha), scaled(c, beta)]);
    });
  },
  mv: (graph, inputs, operation) =>
    onNumbers(graph, outputOf(operation).dtype, inputs, (given) => graph.add('MatMul', given)),
  dot: (graph, inputs, operation) =>
    onNumbers(graph, outputOf(operation).dtype, inputs, (given) => graph.add('MatMul', given)),
  linalg_det: (graph, [x = '']) => graph.add('Det', [x]),
  cdist(graph, [a = '', b = ''], operation) {
    const { p } = attributesOf<{ readonly p: number }>(operation);
    const rank = shapeOf(operation).length;
    const rows = graph.add('Unsqueeze', [a, graph.sizes([rank - 1])]);
    const columns = graph.add('Unsqueeze', [b, graph.sizes([rank - 2])]);
    return norm(graph, graph.add('Sub', [rows, columns]), p, [rank], false, inputOf(operation).dtype);
  },
  linalg_vector_norm(graph, [x = ''], operation) {
    const { dims, p } = attributesOf<{ readonly dims: readonly number[]; readonly p: number }>(operation);
    const { dtype, shape } = outputOf(operation);
    const input = inputOf(operation);
    const cast = input.dtype === dtype ? x : graph.cast(x, dtype);
    const keeps = shape.length === input.shape.length;
    return norm(graph, cast, p, dims, keeps, dtype);
  },
};

/** (the sum of |x|^p)^(1/p). */
function norm(graph: Graph, x: Name, p: number, dims: readonly Size[], keeps: boolean, dtype: DType): Name {
  const axes = dims.map(Number);
  if (axes.length === 0 && p !== 0) return graph.add('Abs', [x]);
  const over = (opType: string, y: Name): Name => reduce(graph, opType, y, axes, keeps);
  if (p === 2) return over('ReduceL2', x);
  if (p === 1) return over('ReduceL1', x);
  const size = graph.add('Abs', [x]);
  if (p === Number.POSITIVE_INFINITY) return over('ReduceMax', size);
  if (p === Number.NEGATIVE_INFINITY) return over('ReduceMin', size);
  const constant = (value: number): Name => graph.constant([value], [], dtype);
  if (p === 0) {
    const counts = graph.add('Not', [graph.add('Equal', [x, constant(0)])]);
    return over('ReduceSum', graph.cast(counts, dtype));
  }
  return graph.add('Pow', [over('ReduceSum', graph.add('Pow', [size, constant(p)])), constant(1 / p)]);
}
