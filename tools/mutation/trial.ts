/** Trying mutants in a process that can be ended: one that makes a loop endless would take the whole run with it. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Answer, Task } from './worker.ts';

const worker = join(import.meta.dirname, 'worker.ts');

export class Trial {
  #child: ChildProcess | null = null;

  /** Runs the tests, for at most `limit` milliseconds; a mutant that takes longer is killed by its time. */
  async run(task: Task, limit: number): Promise<Answer> {
    this.#child ??= await started();
    const child = this.#child;
    const answer = await new Promise<Answer>((resolve) => {
      const end = (answer: Answer): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(answer);
      };
      const timer = setTimeout(() => {
        this.end();
        end({ killed: true, by: 'the time limit' });
      }, limit);
      child.once('message', (message: Answer) => end(message));
      child.once('exit', (code) => {
        this.#child = null;
        end({ killed: true, by: `the end of the process (${code})` });
      });
      child.send(task);
    });
    return answer;
  }

  /** Ends the process and those that it started. */
  end(): void {
    const pid = this.#child?.pid;
    this.#child = null;
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  }
}

/** A process that has said that it is ready, the leader of a group of its own. */
function started(): Promise<ChildProcess> {
  const child = fork(worker, [], {
    execArgv: ['--import', 'tsx'],
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('message', () => {
      child.removeAllListeners();
      resolve(child);
    });
    child.once('exit', (code) => reject(new Error(`the process for the tests ended with ${code}`)));
  });
}
