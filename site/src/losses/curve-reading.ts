/** A loss along an axis: numbers of one length each. */
export interface Curve {
  readonly x: readonly number[];
  readonly value: readonly number[];
  readonly gradient: readonly number[];
}

/** The place of `curve` that is nearest to x. */
export function nearest({ x: all }: Curve, x: number): number {
  let best = 0;
  for (const [i, other] of all.entries()) if (Math.abs(other - x) < Math.abs((all[best] ?? 0) - x)) best = i;
  return best;
}

/** A number as it is read out: three decimals at most. */
export const rounded = (value: number): string => String(Number(value.toFixed(3)));
