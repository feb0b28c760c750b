import { ValueError } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { fraction } from '../../base/kinds.ts';
import type { Optimizer } from '../../base/optimizer.ts';

/** A group whose momentum, or first beta, can be moved. */
export type MovedGroup = ParamGroup<{
  lr: number;
  momentum?: number;
  betas?: readonly [number, number];
}>;

/** Whether the momentum that moves is the first of the optimizer's betas. */
export const usesBeta1 = ({ defaults }: Optimizer): boolean => 'betas' in defaults;

/**
 * Refuses to move momenta that the optimizer has not, or cannot have.
 * @throws ValueError
 */
export function checkMomenta(
  name: string,
  optimizer: Optimizer,
  ...momenta: (number | readonly number[])[]
): void {
  if (!usesBeta1(optimizer) && !('momentum' in optimizer.defaults))
    throw new ValueError(`${name}: the optimizer must support momentum or betas with cycleMomentum: true`);
  for (const momentum of usesBeta1(optimizer) ? momenta.flat() : []) {
    if (!fraction.accepts(momentum))
      throw new ValueError(
        `${name}: the first beta cannot be a momentum of ${momentum}: expected ${fraction.expected}`,
      );
  }
}

/** Sets the momentum of a group, or its first beta. */
export function setMomentum(group: MovedGroup, momentum: number): void {
  if (group.betas === undefined) group.momentum = momentum;
  else group.betas = [momentum, group.betas[1]];
}
