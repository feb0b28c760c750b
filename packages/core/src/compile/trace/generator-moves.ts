import {
  type Generator,
  type GeneratorState,
  type GeneratorWatcher,
  watchGenerators,
} from '../../random/generator.ts';
import { setTracer, type Tracer } from '../../record/observe.ts';

/** A tracer that is told of more than tensors. */
interface Recording extends Tracer {
  /** After something ran that no tensor has a part in, and that has to run again at its place among the steps. */
  ranBeside(name: string, attrs: unknown, again: () => void): void;
}

/** What a stream that was kept in a recorded call is in each later one. */
interface Kept {
  state: GeneratorState;
}

/** A number that tells states apart. */
function sumOf(state: GeneratorState): number {
  let sum = 0;
  for (const byte of Object.values(state)) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}

/**
 * What happens to generators besides draws, told to a tracer: a state that the call itself kept is, each time, that of
 * the call.
 */
function movesFor(tracer: Recording): GeneratorWatcher {
  const known = new WeakMap<GeneratorState, Kept>();
  const set = (generator: Generator, kept: Kept, from: number | null): void =>
    tracer.ranBeside('set_rng_state', { generator, from }, () => generator.setState(kept.state));
  return {
    kept(generator, state) {
      const kept: Kept = { state: state.slice() };
      known.set(state, kept);
      tracer.ranBeside('get_rng_state', { generator }, () => {
        kept.state = generator.getState();
      });
    },
    setBack(generator, state) {
      const kept = known.get(state);
      if (kept === undefined) set(generator, { state: Uint8Array.from(Object.values(state)) }, sumOf(state));
      else set(generator, kept, null);
    },
    begun: (generator, how, begin) => tracer.ranBeside('manual_seed', { generator, how }, begin),
  };
}

/** Runs a call with a tracer looking on. */
export function lookingOn<R>(tracer: Recording, run: () => R): R {
  const before = setTracer(tracer);
  watchGenerators(movesFor(tracer));
  try {
    return run();
  } finally {
    watchGenerators(null);
    setTracer(before);
  }
}
