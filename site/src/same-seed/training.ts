/** A training of the page: its code, the losses that it has printed so far, and what became of it. */
import { onScopeDispose, ref, shallowRef } from 'vue';
import type { Failure } from '../live/protocol.ts';
import { type Running, start } from '../live/run.ts';
import { lossIn } from './losses.ts';

export type State = 'waiting' | 'loading' | 'running' | 'done' | 'stopped' | 'failed';

export function useTraining(original: string) {
  const code = ref(original);
  const losses = shallowRef<readonly number[]>([]);
  const state = ref<State>('waiting');
  const failure = shallowRef<Failure>();
  const millisecondsPerStep = ref<number>();
  let running: Running | undefined;

  function end(as: State): void {
    running?.stop();
    running = undefined;
    state.value = as;
  }

  function run(): void {
    end('loading');
    losses.value = [];
    failure.value = undefined;
    millisecondsPerStep.value = undefined;
    let first: { readonly time: number; readonly steps: number } | undefined;
    running = start(
      { blocks: [code.value] },
      {
        onLog(lines) {
          const all = [...losses.value];
          for (const { text } of lines) {
            const loss = lossIn(text, all.length);
            if (loss !== undefined) all.push(loss);
          }
          losses.value = all;
          state.value = 'running';
          // What came before the first losses, loading above all, is no step's.
          const now = { time: performance.now(), steps: all.length };
          first ??= now;
          const steps = now.steps - first.steps;
          if (steps > 0) millisecondsPerStep.value = (now.time - first.time) / steps;
        },
        onFailed(problem) {
          failure.value = problem;
          end('failed');
        },
        onDone: () => end('done'),
      },
    );
  }

  onScopeDispose(() => running?.stop());
  return {
    code,
    losses,
    state,
    failure,
    millisecondsPerStep,
    run,
    stop: () => end('stopped'),
    reset: () => {
      code.value = original;
    },
  };
}
