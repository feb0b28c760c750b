import { Onlooker } from './onlooker.ts';

/** Keeps what the host parts of a call gave, so that they need not run again. */
export class HostRecorder extends Onlooker {
  readonly results: unknown[] = [];
  #inHost = false;

  override host<T>(run: () => T): T {
    if (this.#inHost) return run();
    this.#inHost = true;
    try {
      const result = run();
      this.results.push(copyOf(result));
      return result;
    } finally {
      this.#inHost = false;
    }
  }
}

/** A list may be filled anew in the next call, as may those in it. */
const copyOf = (x: unknown): unknown => (Array.isArray(x) ? x.map(copyOf) : x);
