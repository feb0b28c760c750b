/** What recurrent layers do to a sequence, in one direction. */
import {
  addmm,
  cat,
  gruGates,
  gruSequence,
  linear,
  lstmGates,
  lstmSequence,
  rnnSequence,
  steps,
  type Tensor,
} from '@kindling/core';

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

/** The gates by input; what the state's bias adds is among them, but of a GRU. */
function gatesByInput(mode: Mode, { byInput, inputBias, stateBias }: Weights, x: Tensor): Tensor {
  const joined = mode !== 'GRU' && inputBias !== null && stateBias !== null;
  return linear(x, byInput, joined ? inputBias.add(stateBias) : inputBias);
}

/** One step: of rows of the input (N, I) and the state before, the state. */
export function step(mode: Mode, weights: Weights, x: Tensor, [h, c]: State): State {
  const { byState, stateBias } = weights;
  if (h === undefined) return [];
  const gates = gatesByInput(mode, weights, x);
  if (mode === 'GRU') return [gruGates(gates, linear(h, byState, stateBias), h)];
  const both = addmm(gates, h, byState.t());
  if (c !== undefined) return [...lstmGates(both, c)];
  return [mode === 'RNN_RELU' ? both.relu() : both.tanh()];
}

/** The states of all steps, of a sequence whose steps have as many rows as the state to begin with. */
function along(
  mode: Mode,
  { byState, stateBias, projection }: Weights,
  gates: Tensor,
  [h, c]: State,
  reversed: boolean,
): State {
  if (h === undefined) return [];
  if (mode === 'GRU') return [gruSequence(gates, byState, h, { bias: stateBias, reversed })];
  if (c !== undefined) return lstmSequence(gates, byState, h, c, { projection, reversed });
  const nonlinearity = mode === 'RNN_RELU' ? 'relu' : 'tanh';
  return [rnnSequence(gates, byState, h, { nonlinearity, reversed })];
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

/** Steps one after the other that have the same number of rows. */
interface Run {
  readonly rows: number;
  readonly steps: number;
}

function runsOf(sizes: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const rows of sizes) {
    const last = runs.at(-1);
    if (last?.rows === rows) runs[runs.length - 1] = { rows, steps: last.steps + 1 };
    else runs.push({ rows, steps: 1 });
  }
  return runs;
}

/** What a direction gives: the states of all steps, one behind the other, and the last of each sequence. */
interface Passed {
  readonly outputs: Tensor;
  readonly state: State;
}

/**
 * Goes through a sequence in one direction. Its elements x, (sum of sizes, I), stand one behind the other by steps, of
 * each as many as `sizes` says: these never grow, as the longest sequences come first.
 */
export function goThrough(
  mode: Mode,
  weights: Weights,
  x: Tensor,
  sizes: readonly number[],
  initial: State,
  isReversed: boolean,
): Passed {
  const runs = runsOf(sizes);
  const gates = gatesByInput(mode, weights, x);
  const cut =
    runs.length === 1
      ? [gates]
      : steps(
          gates,
          runs.map(({ rows, steps }) => rows * steps),
        );
  const outputs = new Array<Tensor>(runs.length);
  const ended: State[] = [];
  const order = [...runs.entries()];
  let state: State | null = null;
  for (const [k, run] of isReversed ? order.toReversed() : order) {
    const before: State = state ?? part(initial, 0, run.rows);
    const rows = rowsOf(before);
    // Where there are fewer rows, the shortest sequences have come to their end; backwards, others begin.
    if (run.rows < rows) ended.unshift(part(before, run.rows, rows));
    const first =
      run.rows > rows ? joined([before, part(initial, rows, run.rows)]) : part(before, 0, run.rows);
    const found = along(mode, weights, cut[k] ?? gates, first, isReversed);
    const last = isReversed ? 0 : (run.steps - 1) * run.rows;
    outputs[k] = found[0] ?? gates;
    state = found.map((of) => of.narrow(0, last, run.rows));
  }
  return {
    outputs: outputs.length === 1 && outputs[0] ? outputs[0] : cat(outputs, 0),
    state: joined([state ?? initial, ...ended]),
  };
}
