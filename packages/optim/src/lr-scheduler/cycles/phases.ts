import { K, ValueError } from '@kindling/core';
import { ofSchedules } from '../../base/naming.ts';

/** What a group of a cycle moves between, in its own fields. */
export type CycleKey = 'initialLr' | 'maxLr' | 'minLr' | 'maxMomentum' | 'baseMomentum';

/** A stretch of the cycle: until when, and from which rate and momentum to which. */
export interface Phase {
  readonly endStep: number;
  readonly startLr: CycleKey;
  readonly endLr: CycleKey;
  readonly startMomentum: CycleKey;
  readonly endMomentum: CycleKey;
}

const between = (endStep: number, lr: [CycleKey, CycleKey], momentum: [CycleKey, CycleKey]): Phase => ({
  endStep,
  startLr: lr[0],
  endLr: lr[1],
  startMomentum: momentum[0],
  endMomentum: momentum[1],
});

/** Up and down; with `threePhase` up, down to where it began, and out. */
export function phasesOf(totalSteps: number, pctStart: number, threePhase: boolean): Phase[] {
  const up = between(pctStart * totalSteps - 1, ['initialLr', 'maxLr'], ['maxMomentum', 'baseMomentum']);
  const last = totalSteps - 1;
  if (!threePhase) return [up, between(last, ['maxLr', 'minLr'], ['baseMomentum', 'maxMomentum'])];
  return [
    up,
    between(2 * pctStart * totalSteps - 2, ['maxLr', 'initialLr'], ['baseMomentum', 'maxMomentum']),
    between(last, ['initialLr', 'minLr'], ['maxMomentum', 'maxMomentum']),
  ];
}

const rate = /* @__PURE__ */ K.oneOf('initial_lr', 'max_lr', 'min_lr');
const momentum = /* @__PURE__ */ K.oneOf('max_momentum', 'base_momentum');

/** What a phase holds in a state dict of PyTorch. */
const fields: Readonly<Record<string, K.Kind>> = {
  end_step: K.finite,
  start_lr: rate,
  end_lr: rate,
  start_momentum: momentum,
  end_momentum: momentum,
};

const renamed = (phase: object, rename: (name: string) => string): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(phase).map(([key, value]) => [
      rename(key),
      typeof value === 'string' ? rename(value) : value,
    ]),
  );

/** The phases as they stand in a state dict of PyTorch. */
export const writePhases = (phases: readonly Phase[]): Record<string, unknown>[] =>
  phases.map((phase) => renamed(phase, ofSchedules.snakeCase));

/** Undoes {@link writePhases}. */
export function readPhases(caller: string, phases: unknown): Phase[] {
  const isPhase = (phase: unknown): phase is object =>
    K.isOptions(phase) && Object.entries(fields).every(([name, kind]) => K.fits(kind, phase[name]));
  if (!K.isArray(phases) || phases.length === 0 || !phases.every(isPhase))
    throw new ValueError(`${caller}: the state has no _schedule_phases: is it of another scheduler?`);
  return phases.map((phase) => renamed(phase, ofSchedules.camelCase) as unknown as Phase);
}
