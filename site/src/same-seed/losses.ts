/** Reads losses from what a training printed, and compares them. */

/** The loss that a line tells, where it is that of the step which is expected. */
export function lossIn(line: string, step: number): number | undefined {
  const [, number, loss] = /^(\d+) (-?\d\S*|NaN|-?Infinity)$/.exec(line) ?? [];
  return Number(number) === step ? Number(loss) : undefined;
}

/** The relative difference at each step that both have. */
export function differences(recorded: ArrayLike<number>, computed: ArrayLike<number>): number[] {
  const steps = Math.min(recorded.length, computed.length);
  return Array.from({ length: steps }, (_, i) => {
    const [a, b] = [recorded[i] ?? Number.NaN, computed[i] ?? Number.NaN];
    return Math.abs(a - b) / Math.abs(a);
  });
}

/** The greatest of differences and its step; a NaN is greater than all. */
export function greatest(of: readonly number[]): { readonly difference: number; readonly step: number } {
  let step = 0;
  for (const [i, value] of of.entries()) {
    if (Number.isNaN(value)) return { difference: value, step: i };
    if (value > (of[step] ?? 0)) step = i;
  }
  return { difference: of[step] ?? 0, step };
}
