import { workerSource } from './worker-source.ts';

/** A worker, be it of Node or of a page. */
export interface Helper {
  post(message: unknown): void;
  end(): void;
}

/** What is used of Node's worker threads. */
interface NodeWorker {
  postMessage(message: unknown): void;
  once(event: 'online' | 'error' | 'exit', told: () => void): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

interface NodeThreads {
  readonly Worker: new (
    source: string,
    options: { readonly eval: true; readonly name: string; readonly execArgv: readonly string[] },
  ) => NodeWorker;
}

interface NodeSystem {
  availableParallelism?(): number;
  cpus(): readonly unknown[];
}

/** A module of Node, Deno or Bun; `undefined` in a page. */
function builtin<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.(name) as T | undefined;
}

/** How many threads the machine runs at a time. */
export function cores(): number {
  const system = builtin<NodeSystem>('node:os');
  if (system !== undefined) return system.availableParallelism?.() ?? system.cpus().length;
  return (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1;
}

/** Whether workers can be started, and share memory. */
export const hasWorkers = (): boolean =>
  typeof SharedArrayBuffer !== 'undefined' &&
  typeof Atomics !== 'undefined' &&
  (builtin('node:worker_threads') !== undefined || typeof Worker !== 'undefined');

/** Starts a worker, which does not keep the process from ending; `gone` is called once where it ends by itself. */
export function startWorker(gone: () => void): Helper {
  const threads = builtin<NodeThreads>('node:worker_threads');
  if (threads === undefined) return startInPage(gone);
  // Without what the process was started with: a loader of sources is of no use to it.
  const worker = new threads.Worker(workerSource, { eval: true, name: 'kindling', execArgv: [] });
  // Not before: a process that ends while a thread of it is starting may hang.
  worker.once('online', () => worker.unref());
  worker.once('error', gone);
  worker.once('exit', gone);
  return { post: (message) => worker.postMessage(message), end: () => void worker.terminate() };
}

function startInPage(gone: () => void): Helper {
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  const worker = new Worker(url, { name: 'kindling' });
  worker.addEventListener('error', gone);
  return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
}
