/** Numbers in the state of a parameter. */
import type { ParamState } from '../base/state-dict.ts';

/** A number that the state of a parameter holds, or what it is at first. */
export function numberOf(state: ParamState, name: string, first: number): number {
  const value = state[name];
  return typeof value === 'number' ? value : first;
}

/** The number of this step, which is counted in the state. */
export function nextStep(state: ParamState): number {
  const step = numberOf(state, 'step', 0) + 1;
  state.step = step;
  return step;
}
