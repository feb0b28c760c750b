import { FrozenError } from '@kindling/core';
import type { Optimizer } from './optimizer.ts';

/** Refuses groups to which nothing can be written, before the first of them is. */
export function requireOpenGroups(caller: string, groups: readonly object[]): void {
  if (groups.some((group) => Object.isFrozen(group))) throw new FrozenError(caller, 'parameter group');
}

/** Refuses groups to which nothing can be added. */
export function requireExtensible(caller: string, groups: readonly object[]): void {
  if (!groups.every((group) => Object.isExtensible(group))) throw new FrozenError(caller, 'parameter group');
}

/** What writes to itself as epochs go by: a schedule, of others too, or what stops early. */
interface Written {
  readonly optimizer?: Optimizer;
  readonly schedulers?: readonly Written[];
}

/** Refuses one that is frozen, or whose parts or groups are, before any of it changes. */
export function requireOpen(caller: string, written: Written): void {
  if (Object.isFrozen(written)) throw new FrozenError(caller, 'schedule');
  for (const part of written.schedulers ?? []) requireOpen(caller, part);
  if (written.optimizer !== undefined) requireOpenGroups(caller, written.optimizer.paramGroups);
}
