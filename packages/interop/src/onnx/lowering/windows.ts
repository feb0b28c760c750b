import { isFloatingPoint } from '@kindling/core';
import type { Operation } from '../../recording/index.ts';
import { type Graph, isStatic, type Name, type Size } from '../graph.ts';
import { filled } from './arranging.ts';
import {
  attributesOf,
  fixed,
  type Lowerings,
  NotInOnnx,
  outputOf,
  product,
  resultShape,
  shapeOf,
} from './lowering.ts';

interface Steps {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

const steps = ({ stride, dilation, groups }: Steps) => ({
  strides: stride,
  dilations: dilation.some((d) => d !== 1) ? dilation : undefined,
  group: groups === 1 ? undefined : groups,
});

function onFloats(operation: Operation): void {
  if (!isFloatingPoint(outputOf(operation).dtype))
    throw new NotInOnnx('convolutions of integers', 'convert the tensors to float32');
}

/**
 * Writes x as (N, C, *) where it has not exactly two dimensions before `rank` others, and the result as it should be.
 */
export function asBatch(
  graph: Graph,
  x: Name,
  shape: readonly Size[],
  rank: number,
  write: (x: Name) => readonly Name[],
  out: readonly number[],
): readonly Name[] {
  const lead = shape.slice(0, -rank);
  if (lead.length === 2) return write(x);
  const flat = graph.reshape(x, [
    1,
    ...(lead.length === 1 ? lead : [productOf(lead)]),
    ...shape.slice(-rank),
  ]);
  return write(flat).map((y) => (y === '' ? y : graph.reshape(y, [...lead, ...out])));
}

const productOf = (sizes: readonly Size[]): Size =>
  sizes.every(isStatic) ? product(sizes) : fixed(sizes[0], 'what comes before the planes');

export const windows: Lowerings = {
  convolution(graph, inputs, operation) {
    onFloats(operation);
    const given = attributesOf<Steps>(operation);
    return graph.add('Conv', inputs, {
      kernel_shape: shapeOf(operation, 1).slice(2).map(Number),
      ...steps(given),
      pads: [...given.padding, ...given.padding],
    });
  },
  convolution_transposed(graph, inputs, operation) {
    onFloats(operation);
    const given = attributesOf<Steps & { readonly sizes: readonly number[] }>(operation);
    const kernel = shapeOf(operation, 1).slice(2).map(Number);
    const from = shapeOf(operation).slice(2);
    const { stride, padding, dilation, sizes } = given;
    const extra = sizes.map((size, d) => {
      const windows = fixed(from[d], 'a spatial size');
      const reach = (dilation[d] ?? 1) * ((kernel[d] ?? 1) - 1) + 1;
      return size - ((windows - 1) * (stride[d] ?? 1) + reach - 2 * (padding[d] ?? 0));
    });
    return graph.add('ConvTranspose', inputs, {
      kernel_shape: kernel,
      ...steps(given),
      pads: [...padding, ...padding],
      output_padding: extra.some((n) => n !== 0) ? extra : undefined,
    });
  },
  max_unpool(graph, [values = '', index = ''], operation) {
    const { rank, sizes } = attributesOf<{ readonly rank: number; readonly sizes: readonly number[] }>(
      operation,
    );
    const shape = resultShape(operation);
    const lead = shape.slice(0, -rank);
    const plane = product(sizes);
    const inRow = (y: Name): Name => {
      const length = product(
        shapeOf(operation)
          .slice(-rank)
          .map((size) => fixed(size, 'a spatial size')),
      );
      return graph.reshape(y, [...lead, length]);
    };
    const zeros = filled(graph, [...lead, plane], 0, outputOf(operation).dtype);
    const written = graph.add('ScatterElements', [zeros, inRow(index), inRow(values)], { axis: lead.length });
    return graph.reshape(written, shape);
  },
};
