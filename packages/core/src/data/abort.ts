/** Waiting for samples, until a signal says to stop. */
import { isPromise } from '../readable.ts';

/** What the loader asks of an `AbortSignal`, whose type not every environment has. */
export interface Abort {
  /** Throws the reason, once there is one. */
  throwIfAborted(): void;
  /** Whether there is one. */
  readonly aborted?: boolean;
  /** Has `stop` called when there is. */
  addEventListener?(type: 'abort', stop: () => void): void;
  /** Has it called no more. */
  removeEventListener?(type: 'abort', stop: () => void): void;
}

/** @internal What a promise gives, or, as soon as there is one, the reason of the signal. */
export async function unlessAborted<T>(given: T | Promise<T>, signal: Abort | null | undefined): Promise<T> {
  if (!isPromise(given) || typeof signal?.addEventListener !== 'function') return given;
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      try {
        signal.throwIfAborted();
      } catch (reason) {
        reject(reason);
      }
    };
    signal.addEventListener?.('abort', stop);
  });
  try {
    return await Promise.race([given, aborted]);
  } finally {
    signal.removeEventListener?.('abort', stop);
  }
}
