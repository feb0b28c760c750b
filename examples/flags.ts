/** Flags of the examples' command lines that are numbers. */

/** A flag or a file that cannot be used: its message is for the user, without a stack trace. */
export class UsageError extends Error {}

/** What a number flag takes. */
export interface Bounds {
  readonly integer: boolean;
  /** The least value; of a flag that is no integer it is itself left out. */
  readonly least: number;
  readonly most?: number;
}

/**
 * The number that `text` states.
 * @throws UsageError where it states none, or one out of bounds
 */
export function numberFlag(
  flag: string,
  text: string,
  { integer, least, most = Number.MAX_SAFE_INTEGER }: Bounds,
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (integer ? Number.isInteger(value) && value >= least && value <= most : value > least && value <= most)
    return value;
  const kind = integer ? `a whole number from ${least} to ${most}` : `a number greater than ${least}`;
  throw new UsageError(`--${flag} takes ${kind}, got "${text}"`);
}
