/** The user's line from which the library was called: the innermost frame that is not its own. */

/** Where a package of Kindling lies: in its sources, built, or installed. */
const own = /[\\/]packages[\\/](?:core|nn|optim)[\\/](?:src|dist)[\\/]|@kindling[\\/]|node:internal/;

/** V8's, where the runtime is built on it. */
const traces = Error as ErrorConstructor & { stackTraceLimit?: number | undefined };

/** `train.ts:12`, or `null` where that cannot be told. */
export function userLine(): string | null {
  const limit = traces.stackTraceLimit;
  traces.stackTraceLimit = 40;
  const frames = (new Error().stack ?? '').split('\n').filter((line) => /^\s*at |@/.test(line));
  traces.stackTraceLimit = limit;
  const frame = frames.find((line) => !own.test(line));
  const place = frame === undefined ? null : /([^\\/()\s]+:\d+):\d+\)?\s*$/.exec(frame);
  return place?.[1] ?? null;
}
