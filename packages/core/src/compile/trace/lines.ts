import { userFrames } from '../../stack.ts';

/** The user's line from which the library was called, `train.ts:12`; `null` where that cannot be told. */
export function userLine(): string | null {
  const [frame = ''] = userFrames();
  return /([^\\/()\s]+:\d+):\d+\)?\s*$/.exec(frame)?.[1] ?? null;
}
