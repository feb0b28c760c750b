/** The lives of schedulers against PyTorch: degenerate cycles, several on one optimizer, groups added later, resuming. */
import { KindlingError } from '@kindling/core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readFixture } from '../../core/test/oracle/fixture.ts';
import { asHere, type Dict, decoded, type Entry, Life, rounded, type Saved } from './support/life.ts';

function live(entry: Entry, passedOn: (saved: Saved) => Saved): void {
  const life = new Life(entry, passedOn);
  if (entry.trace.at(-1) === 'error') {
    // At the same action, or before, where what must fail is built.
    const all = (): void => {
      for (const action of entry.actions) life.run(action);
    };
    expect(all).toThrow(KindlingError);
    return;
  }
  for (const [i, after] of entry.trace.entries()) {
    const action = entry.actions[i]!;
    life.run(action);
    if (after === 'error') continue;
    for (const [k, values] of life.read().entries()) {
      for (const [j, value] of values.entries())
        expect(value, `${String(action[0])}: group ${j}`).toBeCloseTo(after[k]![j]!, 14);
    }
  }
  const states = life.schedulers.map((s, i) => {
    const state = s.stateDict();
    // Here a group that was added later has a base rate too.
    const known = entry.states[i]?.base_lrs as number[] | undefined;
    return known === undefined
      ? state
      : { ...state, base_lrs: (state.base_lrs as number[]).slice(0, known.length) };
  });
  expect(rounded(states)).toEqual(rounded(asHere(entry.states)));
}

const entries = readFixture<Entry>(new URL('./fixtures/lives', import.meta.url)).entries.map(
  (entry) => decoded(entry) as Entry,
);
const title = ({ optimizer, actions }: Entry): string =>
  `${optimizer} ${actions.map(([name, ...args]) => `${name} ${JSON.stringify(args).slice(1, -1)}`).join(', ')}`;
const resuming = entries.filter(({ resumed }) => resumed.length > 0);

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

describe('schedules live as in PyTorch', () => {
  for (const entry of entries) it(title(entry), () => live(entry, (saved) => saved));
});

describe('schedules go on from their own state by way of JSON', () => {
  for (const entry of resuming)
    it(title(entry), () => live(entry, (saved) => JSON.parse(JSON.stringify(saved)) as Saved));
});

describe("schedules go on from PyTorch's state", () => {
  for (const entry of resuming) {
    it(title(entry), () => {
      const [groups, states] = entry.resumed as [Dict[], Dict[]];
      live(entry, ({ optimizer }) => ({
        optimizer: { state: optimizer.state, param_groups: groups as never },
        schedulers: states,
      }));
    });
  }
});
