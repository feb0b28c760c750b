/**
 * Recurrent cells, whose gates lie side by side: single steps, and sequences step by step where ONNX's nodes do not
 * fit.
 */
import type { DType } from '@kindling/core';
import type { Graph, Name, Size } from '../graph.ts';
import { attributesOf, inputOf, type Lowering, type Lowerings } from './lowering.ts';

const parts = (graph: Graph, x: Name, count: number): Name[] =>
  graph.addMany('Split', [x], { axis: 1, num_outputs: count }, count);

/** h' and c' of the gates and c. */
function lstm(graph: Graph, gates: Name, c: Name): readonly [Name, Name] {
  const [i = '', f = '', g = '', o = ''] = parts(graph, gates, 4);
  const sigmoid = (gate: Name): Name => graph.add('Sigmoid', [gate]);
  const kept = graph.add('Mul', [sigmoid(f), c]);
  const next = graph.add('Add', [kept, graph.add('Mul', [sigmoid(i), graph.add('Tanh', [g])])]);
  return [graph.add('Mul', [sigmoid(o), graph.add('Tanh', [next])]), next];
}

/** h' of the gates by input and by state, and h. */
function gru(graph: Graph, byInput: Name, byState: Name, h: Name, dtype: DType): Name {
  const [ir = '', iz = '', inew = ''] = parts(graph, byInput, 3);
  const [hr = '', hz = '', hnew = ''] = parts(graph, byState, 3);
  const gate = (a: Name, b: Name): Name => graph.add('Sigmoid', [graph.add('Add', [a, b])]);
  const next = graph.add('Tanh', [graph.add('Add', [inew, graph.add('Mul', [gate(ir, hr), hnew])])]);
  const z = gate(iz, hz);
  const rest = graph.add('Sub', [graph.constant([1], [], dtype), z]);
  return graph.add('Add', [graph.add('Mul', [rest, next]), graph.add('Mul', [z, h])]);
}

interface Passage {
  readonly steps: number;
  readonly rows: Size;
  readonly reversed: boolean;
}

interface State {
  readonly h: Name;
  readonly c: Name;
}

/**
 * All steps of a sequence: of the gates by input and of h W^T what comes next. Gives the states, and the inner ones.
 */
const sequence =
  (
    step: (
      graph: Graph,
      byInput: Name,
      byState: Name,
      state: State,
      rest: readonly Name[],
      dtype: DType,
    ) => State,
  ): Lowering =>
  (graph, [gates = '', weight = '', h0 = '', ...others], operation) => {
    const { steps, reversed } = attributesOf<Passage>(operation);
    const { dtype } = inputOf(operation);
    const turned = graph.transpose(weight, [1, 0]);
    const byStep =
      steps === 1 ? [gates] : graph.addMany('Split', [gates], { axis: 0, num_outputs: steps }, steps);
    let state: State = { h: h0, c: others[0] ?? '' };
    const all: State[] = [];
    for (let t = 0; t < steps; t++) {
      const at = reversed ? steps - 1 - t : t;
      state = step(graph, byStep[at] ?? '', graph.add('MatMul', [state.h, turned]), state, others, dtype);
      all[at] = state;
    }
    const joined = (part: keyof State): Name =>
      steps === 1
        ? (all[0]?.[part] ?? '')
        : graph.add(
            'Concat',
            all.map((of) => of[part]),
            { axis: 0 },
          );
    const inner = all.some(({ c }) => c === '') ? '' : joined('c');
    return [joined('h'), inner, ...operation.outputs.slice(2).map(() => '')];
  };

const plain = (opType: string): Lowering =>
  sequence((graph, byInput, byState) => ({
    h: graph.add(opType, [graph.add('Add', [byInput, byState])]),
    c: '',
  }));

export const recurrent: Lowerings = {
  lstm_gates: (graph, [x = '', c = '']) => lstm(graph, x, c),
  gru_gates: (graph, [byInput = '', byState = '', h = ''], operation) =>
    gru(graph, byInput, byState, h, inputOf(operation, 2).dtype),
  lstm_sequence: sequence((graph, byInput, byState, { c: before }) => {
    const [h, c] = lstm(graph, graph.add('Add', [byInput, byState]), before);
    return { h, c };
  }),
  lstm_projected_sequence: sequence((graph, byInput, byState, { c: before }, [, projection = '']) => {
    const [h, c] = lstm(graph, graph.add('Add', [byInput, byState]), before);
    return { h: graph.add('MatMul', [h, graph.transpose(projection, [1, 0])]), c };
  }),
  gru_sequence: sequence((graph, byInput, byState, { h }, [bias = ''], dtype) => {
    const shifted = bias === '' ? byState : graph.add('Add', [byState, bias]);
    return { h: gru(graph, byInput, shifted, h, dtype), c: '' };
  }),
  rnn_tanh_sequence: plain('Tanh'),
  rnn_relu_sequence: plain('Relu'),
};
