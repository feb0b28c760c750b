/**
 * Options that a tensor of one element may hold, a learning rate and decays: read at each step, and filled by
 * schedulers.
 */
import { checkArguments, fillOnHost, isFloatingPoint, K, numberOnHost, Tensor } from '@kindling/core';
import { requireOpenGroups } from './groups.ts';
import { nonNegative, twoFractions } from './kinds.ts';

/**
 * A learning rate. A tensor of one element stays in the groups and in state dicts as it is, is read at each step, also
 * of a compiled function, and is filled in place by schedulers.
 */
export type Rate = number | Tensor;

/** The decays of two running averages, as numbers or as tensors, which are read as those of a {@link Rate} are. */
export type Betas = readonly [number, number] | readonly [Tensor, Tensor];

const isHeld = (x: unknown): x is Tensor => Tensor.is(x) && x.count === 1 && isFloatingPoint(x.dtype);
const aTensor = 'floating-point Tensor of one element';

const orTensor = ({ expected, accepts }: K.Kind): K.Kind =>
  K.kind(`${expected}, or a ${aTensor}`, (x) => accepts(x) || isHeld(x));

/** A rate as it is given. What a tensor holds is looked at beside: see {@link checkHeld}. */
export const rate = /* @__PURE__ */ orTensor(nonNegative);

/** A rate at a step, to which schedules have led. */
const rateAtStep = /* @__PURE__ */ orTensor(K.finite);

/** Decays as they are given: both are tensors, or neither. */
export const betas = /* @__PURE__ */ K.kind(
  `${twoFractions.expected}, or a pair, each a ${aTensor}`,
  (x) => twoFractions.accepts(x) || (Array.isArray(x) && x.length === 2 && x.every(isHeld)),
);

/** Decays at a step: a schedule of the momentum puts a number in the first one's place. */
const betasAtStep = /* @__PURE__ */ K.kind(
  betas.expected,
  (x) =>
    Array.isArray(x) && twoFractions.accepts(x.map((beta) => (isHeld(beta) ? numberOnHost(beta) : beta))),
);

type Kinds = Readonly<Record<string, K.Kind>>;

/** What is asked of options at a step. */
export const atSteps = (kinds: Kinds): Kinds => ({
  ...kinds,
  ...('lr' in kinds ? { lr: kinds.lr === rate ? rateAtStep : K.finite } : {}),
  ...(kinds.betas === betas ? { betas: betasAtStep } : {}),
});

/** Whether a state dict's tensor stays one in an option of this kind. */
export const takesTensors = (kind: K.Kind | undefined): boolean => kind === rate || kind === betas;

type Group = { readonly lr: Rate; readonly betas?: unknown };

/**
 * Checks what the tensors of a group hold, where they are given or at a step; a rate by its kind there.
 * @throws ValueError for what no number may be there, and for a group that is frozen
 */
export function checkHeld(caller: string, group: Group, kind: K.Kind): void {
  const { lr, betas } = group;
  // For as long as a step takes, numbers stand in their place.
  if (lr instanceof Tensor || holdsTensors(betas)) requireOpenGroups(caller, [group]);
  if (lr instanceof Tensor) checkArguments(caller, { lr: kind }, [numberOnHost(lr)]);
  if (holdsTensors(betas)) checkArguments(caller, { betas: twoFractions }, [betas.map(rateNumber)]);
}

const holdsTensors = (betas: unknown): betas is readonly Rate[] =>
  Array.isArray(betas) && betas.some((beta) => beta instanceof Tensor);

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
 * Gives `fn` the group with a number for its rate, also where it is a tensor, and for each of its betas: it is the
 * group itself, so that what is noted there stays, and so that nobody who works with numbers has to ask. Betas that
 * `fn` has set stay too.
 */
export function withNumber<G extends { lr: Rate; betas?: unknown }, T>(group: G, fn: (group: G) => T): T {
  const { lr, betas } = group;
  const held = holdsTensors(betas);
  if (typeof lr === 'number' && !held) return fn(group);
  group.lr = rateNumber(lr);
  const numbers = held ? betas.map(rateNumber) : betas;
  if (held) group.betas = numbers;
  try {
    return fn(group);
  } finally {
    group.lr = lr;
    if (held) group.betas = restored(group.betas as readonly Rate[], numbers as readonly number[], betas);
  }
}

/** The tensors again, but where there is another number now. */
const restored = (
  now: readonly Rate[],
  before: readonly number[],
  tensors: readonly Rate[],
): readonly Rate[] =>
  now === before ? tensors : now.map((beta, i) => (beta === before[i] ? (tensors[i] as Rate) : beta));
