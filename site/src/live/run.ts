/** Runs programs, each in a worker of its own. */
import type { Failure, FromWorker, LogLine, ToWorker } from './protocol.ts';

interface Handlers {
  readonly onLog?: (lines: readonly LogLine[]) => void;
  readonly onPage?: (message: unknown) => void;
  readonly onFailed?: (failure: Failure) => void;
  readonly onDone?: (milliseconds: number) => void;
}

export interface Program {
  readonly blocks: readonly string[];
  /** The first block whose output is of interest. */
  readonly from?: number;
}

export interface Running {
  /** Ends it at once, whatever it is doing. */
  stop(): void;
  /** Says something to a module of the page. */
  post(message: unknown, transfer?: Transferable[]): void;
}

/** Starts a program; `stop` ends it where it stands. A program that has ended keeps its worker until it is stopped. */
export function start({ blocks, from = 0 }: Program, handlers: Handlers, worker = newWorker()): Running {
  const say = (message: ToWorker, transfer: Transferable[] = []) => worker.postMessage(message, transfer);
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === 'log') handlers.onLog?.(data.lines);
    else if (data.kind === 'page') handlers.onPage?.(data.message);
    else if (data.kind === 'failed') handlers.onFailed?.(data.failure);
    else if (data.kind === 'done') handlers.onDone?.(data.milliseconds);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    handlers.onFailed?.({
      name: 'Error',
      message: event.message || 'what runs programs could not be loaded; is the network there?',
    });
  };
  say({ kind: 'run', blocks, from });
  return {
    stop: () => worker.terminate(),
    post: (message, transfer) => say({ kind: 'page', message }, transfer),
  };
}

function newWorker(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'program' });
}
