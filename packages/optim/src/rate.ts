/** The learning rate of a group: a number, or a tensor of one, which is read at each step and filled by schedulers. */
import { checkArguments, fillOnHost, isFloatingPoint, K, numberOnHost, Tensor } from '@kindling/core';
import { nonNegative } from './kinds.ts';

/**
 * A learning rate. A tensor of one element stays in the groups and in state dicts as it is, is read at each step, also of a compiled
 * function, and is filled in place by schedulers.
 */
export type Rate = number | Tensor;

const isRateTensor = (x: unknown): x is Tensor => Tensor.is(x) && x.count === 1 && isFloatingPoint(x.dtype);

const orTensor = ({ expected, accepts }: K.Kind): K.Kind =>
  K.kind(`${expected}, or a floating-point Tensor of one element`, (x) => accepts(x) || isRateTensor(x));

/** A rate as it is given. What a tensor holds is looked at beside: see {@link checkHeld}. */
export const rate = /* @__PURE__ */ orTensor(nonNegative);

/** A rate at a step, to which schedules have led. */
export const rateAtStep = /* @__PURE__ */ orTensor(K.finite);

/**
 * Checks what the tensor of a rate holds, where it is given or at a step.
 * @throws ValueError for what no number may be there
 */
export const checkHeld = (caller: string, lr: Tensor, kind: K.Kind): void =>
  checkArguments(caller, { lr: kind }, [numberOnHost(lr)]);

/** A rate as a number. */
export const rateNumber = (lr: Rate): number => (typeof lr === 'number' ? lr : numberOnHost(lr));

/** The rates of groups as numbers. */
export const ratesOf = (groups: readonly { readonly lr: Rate }[]): number[] =>
  groups.map(({ lr }) => rateNumber(lr));

/** Sets the rate of a group: fills its tensor where it is one. */
export function setRate(group: { lr: Rate }, value: number): void {
  if (typeof group.lr === 'number') group.lr = value;
  else fillOnHost(group.lr, value);
}

/**
 * Gives `fn` the group with a number for its rate, also where it is a tensor: it is the group itself, so that what is noted there
 * stays, and so that nobody who works with numbers has to ask.
 */
export function withNumber<G extends { lr: Rate }, T>(group: G, fn: (group: G) => T): T {
  const { lr } = group;
  if (typeof lr === 'number') return fn(group);
  group.lr = numberOnHost(lr);
  try {
    return fn(group);
  } finally {
    group.lr = lr;
  }
}
