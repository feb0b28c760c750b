import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Task, Told } from './training.ts';

/** What came of a process. */
interface Run {
  /** The losses by step, as far as they were told. */
  readonly losses: ReadonlyMap<number, number>;
  /** Model, averages and optimizer at the end; `null` where it was killed before. */
  readonly weights: string | null;
}

/**
 * Trains in a process of its own; `told` is called at each step.
 * @throws Error where it ended otherwise than by its own kill, or than well
 */
export function run(task: Task, told: (told: Told) => void): Promise<Run> {
  const script = fileURLToPath(new URL('process.ts', import.meta.url));
  const child = fork(script, [JSON.stringify(task)]);
  const losses = new Map<number, number>();
  let weights: string | null = null;
  child.on('message', (message: Told | { weights: string }) => {
    if ('weights' in message) weights = message.weights;
    else {
      losses.set(message.step, message.loss);
      told(message);
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const isAsTold = task.kill === null ? status === 0 : signal === 'SIGKILL';
      if (isAsTold) resolve({ losses, weights });
      else reject(new Error(`the training ended with ${signal ?? status}`));
    });
  });
}

/** Steps at which two trainings had other losses, or of which one was not told. */
export function differences(
  one: ReadonlyMap<number, number>,
  other: ReadonlyMap<number, number>,
  steps: number,
): number[] {
  return Array.from({ length: steps }, (_, i) => i + 1).filter((step) => {
    const [a, b] = [one.get(step), other.get(step)];
    return a === undefined || !Object.is(a, b);
  });
}
