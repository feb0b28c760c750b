import { Onlooker } from './onlooker.ts';

/** Keeps what the host parts of a call gave, so that they need not run again. */
export class HostRecorder extends Onlooker {
  readonly results: unknown[] = [];

  override host<T>(run: () => T): T {
    const result = run();
    this.results.push(Array.isArray(result) ? [...result] : result);
    return result;
  }
}
