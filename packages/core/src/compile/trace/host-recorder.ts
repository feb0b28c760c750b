import { Onlooker } from './onlooker.ts';

/** Keeps what the host parts of a call gave, so that they need not run again. */
export class HostRecorder extends Onlooker {
  readonly results: unknown[] = [];

  override host<T>(run: () => T): T {
    const result = run();
    this.results.push(copyOf(result));
    return result;
  }
}

/** A list may be filled anew in the next call, as may those in it. */
const copyOf = (x: unknown): unknown => (Array.isArray(x) ? x.map(copyOf) : x);
