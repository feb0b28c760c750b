/** 300 epochs of each schedule against PyTorch: alone and with others, resumed in the middle from either side's state. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { type Dict, decoded, type Entry, Life, type Made, type Saved } from './support/life.ts';

interface Epochs {
  readonly op: 'epochs';
  readonly makes: readonly Made[];
  /** Of each epoch the rates of both groups, then their momenta. */
  readonly trace: Recorded;
  readonly resumed: readonly [groups: Dict[], states: Dict[]];
}

/** Schedules whose arithmetic is +, -, * and / alone: nothing but PyTorch's own numbers will do. */
const isRational = ([name, args, options]: Made): boolean => {
  if (name === 'SequentialLR' || name === 'ChainedScheduler') return (args[0] as Made[]).every(isRational);
  if (name === 'OneCycleLR' || name === 'SWALR') return options.anneal_strategy === 'linear';
  if (name === 'MultiStepLR') return options.gamma === 0.5 || options.gamma === undefined;
  return !name.startsWith('Cosine') && options.mode !== 'exp_range' && options.power === undefined;
};

/**
 * The others take a cosine or a power, which PyTorch has from the system's library, within some bits of ours. Half a cosine of T epochs
 * goes on from rate to rate by quotients of 1 + cos, which is as small as 5 / T^2.
 */
function bound(makes: readonly Made[]): number {
  const cosines = [...JSON.stringify(makes).matchAll(/"CosineAnnealingLR",\[(\d+)/g)];
  return Math.max(3e-15, ...cosines.map(([, length]) => 2 ** -53 * Number(length) ** 2));
}

function live({ makes, trace }: Epochs, passedOn: (saved: Saved) => Saved, exact: boolean): void {
  const entry: Entry = {
    op: 'life',
    optimizer: 'SGD',
    optimizerOptions: { lr: 0.1, momentum: 0.9 },
    actions: [],
    trace: [],
    resumed: [],
    states: [],
  };
  const life = new Life(entry, passedOn);
  for (const made of makes) life.run(['make', ...made]);
  const wanted = Array.from(trace.array);
  const seen = life.read().flat();
  for (let epoch = 1; epoch <= 300; epoch++) {
    life.run(['step', 1]);
    if (epoch === 150) life.run(['resume']);
    seen.push(...life.read().flat());
  }
  expect(seen.length).toBe(wanted.length);
  if (exact) expect(seen).toEqual(wanted);
  const apart = seen.map(
    (x, i) => Math.abs(x - (wanted[i] as number)) / Math.max(1e-3, Math.abs(wanted[i] as number)),
  );
  expect(Math.max(...apart)).toBeLessThan(bound(makes));
}

const { entries } = readFixture<Epochs>(new URL('./fixtures/epochs', import.meta.url));
const title = ({ makes }: Epochs): string =>
  makes.map(([name, ...args]) => `${name} ${JSON.stringify(args).slice(1, -1)}`).join(', ');

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

describe.each(entries.map((entry) => [title(entry), entry] as const))('%s', (_, entry) => {
  const exact = entry.makes.every(isRational);
  it(`gives PyTorch's rates${exact ? ', to the last bit' : ''}`, () => live(entry, (saved) => saved, exact));

  it('goes on by way of JSON', () =>
    live(entry, (saved) => JSON.parse(JSON.stringify(saved)) as Saved, exact));

  it("goes on from PyTorch's state", () => {
    const [groups, states] = decoded(entry.resumed) as [Dict[], Dict[]];
    live(
      entry,
      ({ optimizer }) => ({
        optimizer: { state: optimizer.state, param_groups: groups as never },
        schedulers: states,
      }),
      exact,
    );
  });
});
