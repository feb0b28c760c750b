import type { Tracer } from '../record/observe.ts';

/** Keeps what the host parts of a call gave, so that they need not run again. */
export class HostRecorder implements Tracer {
  readonly records = false;
  readonly results: unknown[] = [];

  host<T>(run: () => T): T {
    const result = run();
    this.results.push(Array.isArray(result) ? [...result] : result);
    return result;
  }

  meets(): void {}
  ran(): void {}
  read(): void {}
  gradientMatters(): void {}
  madeStorage(): void {}
  assumes(): void {}
  names(): void {}
  postpone(): void {}
}
