/** From which line of the code equations come. */

/** An operation as it was seen to run. */
export interface Seen {
  readonly name: string;
  readonly line: number | null;
}

/**
 * The line of each equation: those of a program are among the operations that were seen while it was recorded, in their
 * order.
 */
export function linesOf(
  equations: readonly { readonly name: string }[],
  seen: readonly Seen[],
): (number | null)[] {
  let next = 0;
  return equations.map(({ name }) => {
    const at = seen.findIndex((operation, i) => i >= next && operation.name === name);
    if (at < 0) return null;
    next = at + 1;
    return seen[at]?.line ?? null;
  });
}
