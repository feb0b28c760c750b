/** From where the library was called, for messages: a runtime may tell nothing of it. */

/**
 * Where a package of Kindling lies, in its sources, built or installed; and what of the runtime stands between its
 * frames.
 */
const own =
  /[\\/]packages[\\/](?:core|nn|optim|metrics|distributions|tensorboard|interop)[\\/](?:src|dist)[\\/]|@kindling[\\/]|node:internal/;

/**
 * Where this package lies, by a frame of this file: the folder of its sources, or the one file of a build, be it a
 * user's. Bundlers write a place of their own for `import.meta.url`, or none.
 */
const ownPlace = (frame: string): string =>
  frame.replace(/^.*?(?:\(|@|at )(?=\S*[/\\])/, '').replace(/(?:\bstack\.ts)?(?:\?.*)?:\d+:\d+\)?$/, '');

/** V8's, where the runtime is built on it. */
const traces = Error as ErrorConstructor & {
  stackTraceLimit?: number | undefined;
  prepareStackTrace?: unknown;
};

/** The frames of the call stack, innermost first, of at most so many. */
export function stackFrames(limit: number): string[] {
  const before = traces.stackTraceLimit;
  traces.stackTraceLimit = limit;
  const { stack = '' } = new Error();
  traces.stackTraceLimit = before;
  return stack.split('\n').filter((line) => /^\s*at |@/.test(line));
}

/** What is asked of a frame, as V8 has them, and Bun after it. */
interface CallSite {
  getFileName(): string | null | undefined;
  /** V8's alone: quicker told than lines, which have to be counted. */
  getPosition?(): number;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
  isEval(): boolean;
}

/** Frames that are looked at, where nobody says how many. */
const mostFrames = 40;

/** Whether a file is of the library, by its name. */
const ownFiles = new Map<string, boolean>();

/**
 * Tells the innermost frame of the call stack that is not the library's from all others, without wording any; `null`
 * where the runtime does not say. Kindling's own.
 */
export function userPlace(): string | null {
  const { stackTraceLimit, prepareStackTrace } = traces;
  traces.stackTraceLimit = mostFrames;
  traces.prepareStackTrace = (_: unknown, sites: unknown) => sites;
  const sites = new Error().stack as unknown;
  traces.stackTraceLimit = stackTraceLimit;
  traces.prepareStackTrace = prepareStackTrace;
  if (!Array.isArray(sites)) return null;
  const [here, ...callers] = sites as readonly CallSite[];
  const place = ownPlace(`(${here?.getFileName() ?? ''}:0:0)`);
  for (const site of callers) {
    const file = site.getFileName() ?? '';
    // Code of no file: its frame has to be worded.
    if (file === '' && site.isEval()) return null;
    let isOwn = ownFiles.get(file);
    if (isOwn === undefined) {
      isOwn = file === '' || own.test(file) || (place !== '' && file.includes(place));
      ownFiles.set(file, isOwn);
    }
    if (!isOwn)
      return `${file}:${site.getPosition?.() ?? `${site.getLineNumber()}:${site.getColumnNumber()}`}`;
  }
  return '';
}

/**
 * The frames of the call stack that are not the library's, innermost first; none where these cannot be told apart, as
 * in a program bundled into one file. Kindling's own.
 */
export function userFrames(limit = mostFrames): string[] {
  const frames = stackFrames(limit);
  const place = ownPlace(frames[0] ?? '');
  return frames.filter((frame) => !own.test(frame) && (place === '' || !frame.includes(place)));
}
