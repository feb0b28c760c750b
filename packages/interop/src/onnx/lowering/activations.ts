/**
 * Elementwise functions that have a node of their own in ONNX, besides the expression by which all others are written.
 */
import { isFloatingPoint } from '@kindling/core';
import { type Attributes, float } from '../graph.ts';
import { inputOf, type Lowering, type Lowerings } from './lowering.ts';

/** One node; `null` where the operation is not of one floating dtype. */
const node =
  (opType: string, attributes: (numbers: readonly number[]) => Attributes = () => ({})): Lowering =>
  (graph, inputs, operation) =>
    graph.add(opType, inputs, attributes(operation.attributes as readonly number[]));

export const activations: Lowerings = {
  relu: node('Relu'),
  leaky_relu: node('LeakyRelu', ([slope = 0.01]) => ({ alpha: float(slope) })),
  hardsigmoid: node('HardSigmoid', () => ({ alpha: float(1 / 6), beta: float(0.5) })),
  hardswish: node('HardSwish'),
  mish: node('Mish'),
  _prelu_kernel: node('PRelu'),
};

/** Whether an operation may be written by its node: all its tensors are of one floating dtype. */
export function hasNode(operation: Parameters<Lowering>[2]): boolean {
  const { dtype } = inputOf(operation);
  return (
    isFloatingPoint(dtype) && [...operation.inputs, ...operation.outputs].every((x) => x.dtype === dtype)
  );
}
