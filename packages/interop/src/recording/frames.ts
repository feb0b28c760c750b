/** Where in the program something happens: the JavaScript stack, as far as it lies in the recorded call. */
import { userFrames } from '@kindling/core';

/** V8's, where the runtime is built on it. */
const traces = Error as ErrorConstructor & { stackTraceLimit?: number | undefined };
const deepest = 400;

/** A stack, outermost frame first. */
export type Frames = readonly string[];

/** The stack without its innermost frames, of which this function's is one. */
export function framesAbove(innermost: number): Frames {
  const before = traces.stackTraceLimit;
  traces.stackTraceLimit = deepest;
  const { stack = '' } = new Error();
  traces.stackTraceLimit = before;
  const frames = stack.split('\n').filter((line) => /^\s*at |@/.test(line));
  return frames.slice(innermost).reverse();
}

/** What remains of a frame while its function goes on: all but the place. */
export const functionOf = (frame: string | undefined): string => (frame ?? '').replace(/:\d+:\d+\)?$/, '');

/** `net.ts:12` of a frame. */
const lineOf = (frame: string): string | null =>
  /([^\\/()\s]+?)(?:\?[^:]*)?(:\d+):\d+\)?\s*$/.exec(frame)?.slice(1).join('') ?? null;

/** Whether the functions of a file are the user's. */
const usersFiles = new Map<string, boolean>();
const fileOf = (frame: string): string => functionOf(frame).replace(/^.*[(@ ]/, '');

function isUsers(frame: string): boolean {
  const file = fileOf(frame);
  let users = usersFiles.get(file);
  if (users === undefined) {
    users = userFrames(deepest).some((other) => fileOf(other) === file);
    usersFiles.set(file, users);
  }
  return users;
}

/**
 * The innermost line of the user's among frames that are at work, without the `outermost` ones; `null` where there is
 * none.
 */
export function lineIn(frames: Frames, outermost: number): string | null {
  for (const frame of frames.slice(outermost).reverse()) {
    const line = lineOf(frame);
    if (line !== null && isUsers(frame)) return line;
  }
  return null;
}
