/** From which line of its program the library was called. */
import { lineOf } from '../live/program.ts';

/** V8 keeps ten frames of a stack, and the library has more. */
const traces = Error as ErrorConstructor & { stackTraceLimit?: number };

/** The line, from 0, of the made function; `null` where the engine does not tell. */
function lineOfCaller(): number | null {
  const before = traces.stackTraceLimit;
  traces.stackTraceLimit = 80;
  const line = lineOf(new Error());
  if (before !== undefined) traces.stackTraceLimit = before;
  return line ?? null;
}

/** Tells the line, from 0 on the line after the one that calls this. */
export function linesFromHere(): () => number | null {
  const first = (lineOfCaller() ?? 0) + 1;
  return () => {
    const line = lineOfCaller();
    return line === null ? null : line - first;
  };
}
