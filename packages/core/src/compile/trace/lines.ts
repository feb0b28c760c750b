import { userFrames, userPlace } from '../../stack.ts';

/** The user's lines by where they are called from: to word a frame costs much more than to find it. */
const known = new Map<string, string | null>();
/** So many are kept at once. */
const most = 4096;

/** The user's line from which the library was called, `train.ts:12`; `null` where that cannot be told. */
export function userLine(): string | null {
  const place = userPlace();
  if (place === null || place === '') return lineOf(userFrames());
  let line = known.get(place);
  if (line === undefined) {
    line = lineOf(userFrames());
    if (known.size >= most) known.clear();
    known.set(place, line);
  }
  return line;
}

/** Of the innermost frame that has one: what the engine itself does, `JSON.stringify` say, has none. */
function lineOf(frames: readonly string[]): string | null {
  for (const frame of frames) {
    const line = /([^\\/()\s]+:\d+):\d+\)?\s*$/.exec(frame)?.[1];
    if (line !== undefined) return line;
  }
  return null;
}
