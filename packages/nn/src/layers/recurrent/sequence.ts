/** What recurrent layers do to a sequence, step by step, in one direction. */
import { addmm, cat, gruGates, linear, lstmGates, lstmSequence, steps, type Tensor } from '@kindling/core';

/** Which cell a layer repeats. */
export type Mode = 'LSTM' | 'GRU' | 'RNN_TANH' | 'RNN_RELU';

/** How many gates each has. */
export const gatesOf: Readonly<Record<Mode, number>> = { LSTM: 4, GRU: 3, RNN_TANH: 1, RNN_RELU: 1 };

/** The weights of one layer in one direction. */
export interface Weights {
  readonly byInput: Tensor;
  readonly byState: Tensor;
  readonly inputBias: Tensor | null;
  readonly stateBias: Tensor | null;
  /** What brings the state of an LSTM to a smaller size, or `null`. */
  readonly projection: Tensor | null;
}

/** (N, H), and of LSTM the cell's own too. */
export type State = readonly Tensor[];

/** What a step makes of gates by input and of the state. */
type Step = (gates: Tensor, state: State) => State;

/** The gates by input, and the step: what does not depend on the state is worked out for all steps at once. */
export function cellOf(mode: Mode, weights: Weights): { byInput: (x: Tensor) => Tensor; step: Step } {
  const { byInput, byState, inputBias, stateBias, projection } = weights;
  if (mode === 'GRU') {
    return {
      byInput: (x) => linear(x, byInput, inputBias),
      step: (gates, [h]) => (h === undefined ? [] : [gruGates(gates, linear(h, byState, stateBias), h)]),
    };
  }
  const bias = inputBias === null || stateBias === null ? null : inputBias.add(stateBias);
  const turned = byState.t();
  const byBoth = (gates: Tensor, h: Tensor): Tensor => addmm(gates, h, turned);
  const activate = (x: Tensor): Tensor => (mode === 'RNN_RELU' ? x.relu() : x.tanh());
  return {
    byInput: (x) => linear(x, byInput, bias),
    step(gates, [h, c]) {
      if (h === undefined) return [];
      if (c === undefined) return [activate(byBoth(gates, h))];
      const [next, cell] = lstmGates(byBoth(gates, h), c);
      return [projection === null ? next : linear(next, projection), cell];
    },
  };
}

const rowsOf = ([h]: State): number => h?.shape[0] ?? 0;
const part = (state: State, from: number, to: number): State =>
  from === 0 && to === rowsOf(state) ? state : state.map((x) => x.narrow(0, from, to - from));
const joined = (states: readonly State[]): State => {
  const [first = []] = states;
  return states.length === 1
    ? first
    : first.map((_, i) =>
        cat(
          states.flatMap((state) => state[i] ?? []),
          0,
        ),
      );
};

/** What a direction gives: the states of all steps, one behind the other, and the last of each sequence. */
export interface Passed {
  readonly outputs: Tensor;
  readonly state: State;
}

/**
 * Goes through a sequence in one direction. Its elements x, (sum of sizes, I), stand one behind the other by steps, of each as many as
 * `sizes` says: these never grow, as the longest sequences come first.
 */
export function goThrough(
  mode: Mode,
  weights: Weights,
  x: Tensor,
  sizes: readonly number[],
  initial: State,
  isReversed: boolean,
): Passed {
  const { byInput, step } = cellOf(mode, weights);
  const [h0, c0] = initial;
  const [rows = 0] = sizes;
  // Sequences of one length are gone through by one operation.
  if (
    h0 !== undefined &&
    c0 !== undefined &&
    weights.projection === null &&
    sizes.every((n) => n === rows) &&
    rows > 0
  ) {
    const [outputs, cells] = lstmSequence(byInput(x), weights.byState, h0, c0, { reversed: isReversed });
    const last = isReversed ? 0 : (sizes.length - 1) * rows;
    return { outputs, state: [outputs, cells].map((of) => of.narrow(0, last, rows)) };
  }
  const gates = steps(byInput(x), sizes);
  const outputs = new Array<Tensor>(sizes.length);
  const order = sizes.map((_, t) => (isReversed ? sizes.length - 1 - t : t));
  const ended: State[] = [];
  let state = part(initial, 0, sizes[order[0] ?? 0] ?? 0);
  for (const t of order) {
    const size = sizes[t] ?? 0;
    const rows = rowsOf(state);
    if (size < rows) {
      // The shortest sequences have come to their end.
      ended.unshift(part(state, size, rows));
      state = part(state, 0, size);
    } else if (size > rows) state = joined([state, part(initial, rows, size)]);
    const ofStep = gates[t];
    if (ofStep !== undefined) state = step(ofStep, state);
    const [h] = state;
    if (h !== undefined) outputs[t] = h;
  }
  return { outputs: cat(outputs, 0), state: joined([state, ...ended]) };
}
