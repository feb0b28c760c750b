import type { DType } from '@kindling/core';
import type { Graph, Name, Size } from '../graph.ts';
import { attributesOf, type Lowering, type Lowerings, outputOf, resultShape, shapeOf } from './lowering.ts';
import { type Region, scatterRegion } from './regions.ts';
import { expanded } from './views.ts';

/** A tensor of one number. */
export const filled = (graph: Graph, shape: readonly Size[], value: Size, dtype: DType): Name => {
  const number = graph.number(value, dtype);
  return shape.length === 0 ? number : graph.add('Expand', [number, graph.sizes(shape)]);
};

const triangle =
  (upper: 0 | 1): Lowering =>
  (graph, [x = ''], operation) => {
    const { dtype } = outputOf(operation);
    // ONNX Runtime has no triangles of bytes.
    const wide = dtype === 'uint8' ? graph.cast(x, 'int32') : x;
    const cut = graph.add('Trilu', [wide, graph.number(attributesOf<number>(operation), 'int32')], { upper });
    return dtype === 'uint8' ? graph.cast(cut, dtype) : cut;
  };

interface Sides {
  readonly sides: readonly { readonly before: number; readonly after: number }[];
  readonly value: number;
}

/** So many entries of a dimension, from one on by a step. */
interface Piece {
  readonly count: number;
  readonly from: number;
  readonly step: number;
}

export const arranging: Lowerings = {
  cat(graph, inputs, operation) {
    const { length } = resultShape(operation);
    // An empty vector joins anything.
    const parts = inputs.filter((_, i) => shapeOf(operation, i).length === length);
    return graph.add('Concat', parts, { axis: attributesOf<number>(operation) });
  },
  stack(graph, inputs, operation) {
    const axis = attributesOf<number>(operation);
    const wide = inputs.map((x) => graph.add('Unsqueeze', [x, graph.sizes([axis])]));
    return graph.add('Concat', wide, { axis });
  },
  constant_pad_nd(graph, [x = ''], operation) {
    const { sides, value } = attributesOf<Sides>(operation);
    const pads = [...sides.map(({ before }) => before), ...sides.map(({ after }) => after)];
    if (pads.every((n) => n === 0)) return x;
    return graph.add('Pad', [x, graph.sizes(pads), graph.number(value, outputOf(operation).dtype)]);
  },
  pad: (graph, [x = ''], operation) =>
    attributesOf<readonly (readonly Piece[] | null)[]>(operation).reduce((padded, pieces, axis) => {
      if (pieces === null) return padded;
      const entries = pieces.flatMap(({ count, from, step }) =>
        Array.from({ length: count }, (_, k) => from + k * step),
      );
      return graph.add('Gather', [padded, graph.constant(entries, [entries.length], 'int32')], { axis });
    }, x),
  full(graph, _, operation) {
    const { value } = attributesOf<{ readonly value: Size }>(operation);
    return filled(graph, resultShape(operation), value, outputOf(operation).dtype);
  },
  fill: (graph, _, operation) =>
    filled(graph, resultShape(operation), Number(attributesOf<number>(operation)), outputOf(operation).dtype),
  zero: (graph, _, operation) => filled(graph, resultShape(operation), 0, outputOf(operation).dtype),
  copy(graph, [, source = ''], operation) {
    const [to, from] = operation.inputs.map(({ dtype }) => dtype);
    const cast = to === from || to === undefined ? source : graph.cast(source, to);
    return expanded(graph, cast, shapeOf(operation, 1), resultShape(operation));
  },
  to_copy: (graph, [x = ''], operation) => graph.cast(x, outputOf(operation).dtype),
  tril: triangle(0),
  triu: triangle(1),
  slice_backward(graph, [x = ''], operation) {
    const { shape, region } = attributesOf<{ readonly shape: readonly Size[]; readonly region: Region }>(
      operation,
    );
    const zeros = filled(graph, shape, 0, outputOf(operation).dtype);
    return scatterRegion(graph, zeros, shape, region, x, 'add');
  },
  copy_slices(graph, [x = '', values = ''], operation) {
    const region = attributesOf<Region>(operation);
    const wide = expanded(graph, values, shapeOf(operation, 1), region.shape);
    return scatterRegion(graph, x, shapeOf(operation), region, wide, 'none');
  },
};
