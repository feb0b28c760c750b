/** A program that a component runs: what it has printed, what ended it, and whether it goes on. */
import { onBeforeUnmount, ref, shallowRef } from 'vue';
import type { Failure, LogLine } from './protocol.ts';
import { type Program, type Running, start } from './run.ts';

interface Telling {
  /** What is said while it runs. */
  readonly busy?: string;
  /** What is said before the time it took. */
  readonly done?: (printed: boolean) => string;
  readonly onPage?: (message: unknown) => void;
  readonly onEnded?: (succeeded: boolean) => void;
}

export function useProgram({ busy = 'Running', done = () => 'Done', onPage, onEnded }: Telling = {}) {
  const lines = ref<LogLine[]>([]);
  const failure = shallowRef<Failure>();
  const note = ref<string>();
  const running = shallowRef<Running>();

  function stop(): void {
    running.value?.stop();
    running.value = undefined;
  }
  onBeforeUnmount(stop);

  function end(succeeded: boolean, said: string | undefined): void {
    note.value = said;
    stop();
    onEnded?.(succeeded);
  }

  return {
    lines,
    failure,
    note,
    running,
    stop,
    run(program: Program): void {
      stop();
      lines.value = [];
      failure.value = undefined;
      note.value = busy;
      running.value = start(program, {
        onLog: (more) => lines.value.push(...more),
        onPage: (message) => onPage?.(message),
        onFailed(problem) {
          failure.value = problem;
          end(false, problem.line === undefined ? undefined : `at line ${problem.line + 1}`);
        },
        onDone: (milliseconds) =>
          end(true, `${done(lines.value.length > 0)} in ${milliseconds.toFixed(0)} ms`),
      });
    },
    halt: (): void => end(false, 'Stopped'),
  };
}
