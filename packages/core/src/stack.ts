/** From where the library was called, for messages: a runtime may tell nothing of it. */

/** Where a package of Kindling lies, in its sources, built or installed; and what of the runtime stands between its frames. */
const own = /[\\/]packages[\\/](?:core|nn|optim|interop)[\\/](?:src|dist)[\\/]|@kindling[\\/]|node:internal/;

/**
 * Where this package lies, by a frame of this file: the folder of its sources, or the one file of a build, be it a user's.
 * Bundlers write a place of their own for `import.meta.url`, or none.
 */
const ownPlace = (frame: string): string =>
  frame.replace(/^.*?(?:\(|@|at )(?=\S*[/\\])/, '').replace(/(?:\bstack\.ts)?(?:\?.*)?:\d+:\d+\)?$/, '');

/** V8's, where the runtime is built on it. */
const traces = Error as ErrorConstructor & { stackTraceLimit?: number | undefined };

/** The frames of the call stack, innermost first, of at most so many. */
export function stackFrames(limit: number): string[] {
  const before = traces.stackTraceLimit;
  traces.stackTraceLimit = limit;
  const { stack = '' } = new Error();
  traces.stackTraceLimit = before;
  return stack.split('\n').filter((line) => /^\s*at |@/.test(line));
}

/**
 * The frames of the call stack that are not the library's, innermost first; none where these cannot be told apart, as in a program
 * bundled into one file. Kindling's own.
 */
export function userFrames(limit = 40): string[] {
  const frames = stackFrames(limit);
  const place = ownPlace(frames[0] ?? '');
  return frames.filter((frame) => !own.test(frame) && (place === '' || !frame.includes(place)));
}
