import type { DType } from '@kindling/core';
import type { Operation } from '../../recording/index.ts';
import { float, type Graph, isStatic, type Name, type Size } from '../graph.ts';
import {
  attributesOf,
  inputOf,
  type Lowering,
  type Lowerings,
  product,
  resultShape,
  same,
  shapeOf,
} from './lowering.ts';

/** How elements are grouped: core's `normalizeGroups`. */
interface Grouping {
  readonly samples: Size;
  readonly outer: Size;
  readonly groups: number;
  readonly parts: number;
  readonly run: Size;
  readonly eps: number;
  readonly centered: boolean;
  readonly scales: boolean;
  readonly shifts: boolean;
}

/** Factors and summands, where there are some. */
function learnedOf(inputs: readonly Name[], { scales, shifts }: Grouping) {
  const [, first = '', second = ''] = inputs;
  return { weight: scales ? first : '', bias: shifts ? second : '' };
}

/** Any grouping, as it stands: x seen as (samples, outer, groups, parts, run). */
const grouped: Lowering = (graph, inputs, operation) => {
  const grouping = attributesOf<Grouping>(operation);
  const { samples, outer, groups, parts, run, eps, centered } = grouping;
  const { dtype } = inputOf(operation);
  const { weight, bias } = learnedOf(inputs, grouping);
  const x = graph.reshape(inputs[0] ?? '', [samples, outer, groups, parts, run]);
  const axes = graph.sizes([1, 3, 4]);
  const mean = graph.add('ReduceMean', [x, axes]);
  const distance = centered ? graph.add('Sub', [x, mean]) : x;
  const variance = graph.add('ReduceMean', [graph.add('Mul', [distance, distance]), axes]);
  const root = graph.add('Sqrt', [graph.add('Add', [variance, graph.constant([eps], [], dtype)])]);
  const ofParts = (p: Name): Name => graph.reshape(p, [groups, parts, 1]);
  let y = graph.add('Div', [distance, root]);
  if (weight !== '') y = graph.add('Mul', [y, ofParts(weight)]);
  if (bias !== '') y = graph.add('Add', [y, ofParts(bias)]);
  const statistics = (s: Name): Name => graph.reshape(s, resultShape(operation, 1));
  return [
    graph.reshape(y, resultShape(operation)),
    statistics(variance),
    ...(centered ? [statistics(mean)] : []),
  ];
};

/** The dimensions at the end that hold as many elements as there are parts; `null` where they are none. */
function normalizedDims(operation: Operation, parts: number): readonly number[] | null {
  const shape = shapeOf(operation);
  for (let d = shape.length - 1; d >= 0; d--) {
    const last = shape.slice(d);
    if (!last.every(isStatic)) return null;
    if (product(last) === parts) return last;
  }
  return null;
}

const ones = (graph: Graph, shape: readonly number[], dtype: DType, value = 1): Name =>
  graph.constant(new Array<number>(product(shape)).fill(value), shape, dtype);

/** A normalisation of the last dimensions, by ONNX's node; its statistics are not given. */
const overLast =
  (opType: string, hasBias: boolean): Lowering =>
  (graph, inputs, operation) => {
    const grouping = attributesOf<Grouping>(operation);
    const { groups, parts, eps, samples, outer, run } = grouping;
    const { dtype } = inputOf(operation);
    const dims = normalizedDims(operation, parts);
    const isRows = groups === 1 && run === 1 && (samples !== 1 || outer === 1);
    if (dims === null || !isRows || dtype !== 'float32') return grouped(graph, inputs, operation);
    const { weight, bias } = learnedOf(inputs, grouping);
    const given = [inputs[0] ?? '', weight === '' ? ones(graph, dims, dtype) : weight];
    return [
      graph.add(opType, hasBias ? [...given, bias] : given, { axis: -dims.length, epsilon: float(eps) }),
      '',
      ...(grouping.centered ? [''] : []),
    ];
  };

/** Groups of channels of each sample. */
const overChannels: Lowering = (graph, inputs, operation) => {
  const grouping = attributesOf<Grouping>(operation);
  const { samples, groups, parts, eps, outer, centered } = grouping;
  const { shape, dtype } = inputOf(operation);
  const [batch, channels] = shape;
  const isPlain = outer === 1 && same(batch, samples) && channels === groups * parts && shape.length >= 3;
  if (!isPlain || dtype !== 'float32' || !centered) return grouped(graph, inputs, operation);
  const { weight, bias } = learnedOf(inputs, grouping);
  const [factor, summand] = [weight, bias].map((p, i) =>
    p === '' ? ones(graph, [groups * parts], dtype, 1 - i) : p,
  );
  const given = [inputs[0] ?? '', factor ?? '', summand ?? ''];
  return [
    parts === 1
      ? graph.add('InstanceNormalization', given, { epsilon: float(eps) })
      : graph.add('GroupNormalization', given, { epsilon: float(eps), num_groups: groups }),
    '',
    '',
  ];
};

export const normalization: Lowerings = {
  native_layer_norm: overLast('LayerNormalization', true),
  rms_norm: overLast('RMSNormalization', false),
  native_group_norm: overChannels,
  native_batch_norm: overChannels,
  normalize_groups: grouped,
};
