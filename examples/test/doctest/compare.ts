/** Compares what was claimed with what came. */
import type { Claim } from './instrument.ts';

export interface Failure {
  readonly claim: Claim;
  /** What came, as the comment should have said; null where the statement was never reached. */
  readonly got: string | null;
}

/** Line breaks and runs of spaces are one space: continued comments may be aligned or not. */
const folded = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** An error may be claimed by the beginning of its text, with or without an ellipsis. */
const isClaimedError = (claim: string, got: string): boolean =>
  got.startsWith(claim.replace(/\s*(\.\.\.|…)$/, ''));

/** The claims that do not hold; `got` has what came at each run of each statement, none where it was not reached. */
export function compare(claims: readonly Claim[], got: readonly (readonly string[])[]): Failure[] {
  return claims.flatMap((claim, i) => {
    const values = got[i] ?? [];
    const outcomes = claim.kind === 'log' && values.length > 0 ? [values.join('\n')] : values;
    const wanted = folded(claim.text);
    const holds = (value: string): boolean =>
      claim.kind === 'error' ? isClaimedError(wanted, folded(value)) : folded(value) === wanted;
    if (outcomes.length > 0 && outcomes.every(holds)) return [];
    return [{ claim, got: outcomes.find((value) => !holds(value)) ?? null }];
  });
}
