/** What the writer of checkpoints that is killed, and the test that kills it, agree on. */

/** Large enough for a kill to find the file half written. */
export const size = 200_000;

export const options = { keepLast: 2, best: 'min' } as const;

/** How good a step is: no order, and none twice. */
export const metricOf = (step: number): number => (step * 7919) % 1009;
