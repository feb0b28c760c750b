/** Layers that ONNX has as one node, where operations would be written step by step: recurrent nets. */
import * as nn from '@kindling/nn';
import { isValue, libraryClass, type ModuleCall, type Value } from '../recording/index.ts';
import type { Attributes, Graph, Name } from './graph.ts';
import type { Scope } from './translate.ts';

/** The rows of a weight, gate by gate, in PyTorch's order and in ONNX's. */
const gateOrders = {
  LSTM: [0, 3, 1, 2],
  GRU: [1, 0, 2],
  RNN: [0],
} as const;

type Layer = nn.LSTM | nn.GRU | nn.RNN;

function kindOf(call: ModuleCall): keyof typeof gateOrders | null {
  const { module } = call;
  const name = libraryClass(module);
  return name !== null && Object.hasOwn(gateOrders, name) ? (name as keyof typeof gateOrders) : null;
}

/** Parts of a tensor along its first dimension, in another order. */
function reordered(graph: Graph, x: Name, order: readonly number[]): Name {
  if (order.length === 1) return x;
  const parts = graph.addMany('Split', [x], { axis: 0, num_outputs: order.length }, order.length);
  return graph.add(
    'Concat',
    order.map((part) => parts[part] ?? ''),
    { axis: 0 },
  );
}

/**
 * The weights of a layer and its directions, as ONNX has them: (directions, gates, ·); `null` where they are no
 * parameters.
 */
function weightsOf(scope: Scope, layer: Layer, suffixes: readonly string[], order: readonly number[]) {
  const { graph } = scope;
  const stacked = (names: readonly (Name | null)[]): Name | null => {
    if (!names.every((name) => name !== null)) return null;
    const wide = names.map((name) => graph.add('Unsqueeze', [name, graph.sizes([0])]));
    return wide.length === 1 ? (wide[0] ?? '') : graph.add('Concat', wide, { axis: 0 });
  };
  const weight = (name: string): (Name | null)[] =>
    suffixes.map((suffix) => {
      const x = layer[`weight_${name}_${suffix}`];
      const known = x === undefined ? null : scope.state(x);
      return known === null ? null : reordered(graph, known, order);
    });
  const biases = suffixes.map((suffix) => {
    const both = [layer[`bias_ih_${suffix}`], layer[`bias_hh_${suffix}`]].map((x) =>
      x === undefined ? null : scope.state(x),
    );
    return both.every((name) => name !== null)
      ? graph.add(
          'Concat',
          both.map((name) => reordered(graph, name, order)),
          { axis: 0 },
        )
      : null;
  });
  const [byInput, byState] = [stacked(weight('ih')), stacked(weight('hh'))];
  const bias = layer.bias ? stacked(biases) : '';
  return byInput === null || byState === null || bias === null ? null : [byInput, byState, bias];
}

/** What a layer begins with, (layers * directions, N, H), each part. */
function stateOf(given: unknown): readonly Value[] | null {
  if (given === undefined || given === null) return [];
  const parts = Array.isArray(given) ? given : [given];
  return parts.every(isValue) ? parts : null;
}

/**
 * A recurrent layer of the library's by ONNX's nodes, one a layer; `null` for anything else, and what ONNX's have not.
 */
export function modules(call: ModuleCall, scope: Scope): readonly Name[] | null {
  const kind = kindOf(call);
  if (kind === null) return null;
  const layer = call.module as unknown as Layer;
  const [input, given] = call.inputs;
  const initial = stateOf(given);
  if (!isValue(input) || initial === null || layer.projSize > 0) return null;
  const { graph } = scope;
  const { batchFirst, bidirectional, hiddenSize, numLayers } = layer;
  const directions = bidirectional ? 2 : 1;
  const isBatched = input.shape.length === 3;
  const turned = isBatched && batchFirst;
  const wide = (name: Name): Name => (isBatched ? name : graph.add('Unsqueeze', [name, graph.sizes([1])]));
  const narrow = (name: Name): Name => (isBatched ? name : graph.add('Squeeze', [name, graph.sizes([1])]));
  const stateNames = initial.map((value) => wide(scope.read(value)));

  let x = turned ? graph.transpose(scope.read(input), [1, 0, 2]) : wide(scope.read(input));
  const last: Name[][] = [];
  for (let i = 0; i < numLayers; i++) {
    const weights = weightsOf(scope, layer, suffixesOf(i, bidirectional), gateOrders[kind]);
    if (weights === null) return null;
    const begin = stateNames.map((name) =>
      numLayers === 1
        ? name
        : graph.add('Slice', [
            name,
            graph.sizes([i * directions]),
            graph.sizes([(i + 1) * directions]),
            graph.sizes([0]),
          ]),
    );
    const inputs = [x, ...weights, '', ...begin];
    const outputs = graph.addMany(
      kind,
      inputs,
      attributesOf(kind, layer, hiddenSize),
      kind === 'LSTM' ? 3 : 2,
    );
    // (T, directions, N, H) as (T, N, directions * H).
    const [all = '', ...states] = outputs;
    x = bidirectional
      ? graph.add('Reshape', [
          graph.transpose(all, [0, 2, 1, 3]),
          graph.sizes([0, 0, directions * hiddenSize]),
        ])
      : graph.add('Squeeze', [all, graph.sizes([1])]);
    last.push(states);
  }
  const states = (last[0] ?? []).map((_, part) => {
    const parts = last.map((of) => of[part] ?? '');
    return narrow(parts.length === 1 ? (parts[0] ?? '') : graph.add('Concat', parts, { axis: 0 }));
  });
  return [turned ? graph.transpose(x, [1, 0, 2]) : narrow(x), ...states];
}

const suffixesOf = (layer: number, bidirectional: boolean): string[] =>
  bidirectional ? [`l${layer}`, `l${layer}_reverse`] : [`l${layer}`];

function attributesOf(kind: keyof typeof gateOrders, layer: Layer, hiddenSize: number): Attributes {
  const common = { hidden_size: hiddenSize, direction: layer.bidirectional ? 'bidirectional' : 'forward' };
  if (kind === 'GRU') return { ...common, linear_before_reset: 1 };
  if (kind === 'LSTM' || !(layer instanceof nn.RNN)) return common;
  const activation = layer.nonlinearity === 'relu' ? 'Relu' : 'Tanh';
  return { ...common, activations: layer.bidirectional ? [activation, activation] : [activation] };
}
