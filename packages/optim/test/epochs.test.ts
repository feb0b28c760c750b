/**
 * 300 epochs of each schedule against PyTorch: alone, beside others and chained with them, in one piece and resumed in the middle from
 * either side's state; and the states in the middle and at the end.
 */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import {
  asHere,
  type Dict,
  decoded,
  type Entry,
  Life,
  type Made,
  rounded,
  type Saved,
} from './support/life.ts';

interface Epochs {
  readonly op: 'epochs';
  readonly makes: readonly Made[];
  /** Of each epoch the rates of both groups, then their momenta. */
  readonly trace: Recorded;
  readonly resumed: readonly [groups: Dict[], states: Dict[]];
  /** The state of each scheduler at the end. */
  readonly states: readonly Dict[];
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

/** What {@link bound} says of states: their numbers to as many digits, those of cosines to less. */
const sameStates = (states: readonly Dict[], expected: readonly Dict[], digits: number): void =>
  expect(rounded(states, digits)).toEqual(rounded(asHere(decoded(expected) as Dict[]), digits));

/** What a plateau is told: it falls for a while, then goes to and fro. */
const metricOf = (epoch: number): number => Math.max(0.2, 1 / epoch) + ((epoch * 7) % 11) / 100;

/** A life of 300 epochs, which is passed on in the middle, unless it is to go on in one piece. */
function live(
  { makes, trace, resumed, states }: Epochs,
  passedOn: ((saved: Saved) => Saved) | null,
  exact: boolean,
): void {
  const entry: Entry = {
    op: 'life',
    optimizer: 'SGD',
    optimizerOptions: { lr: 0.1, momentum: 0.9 },
    actions: [],
    trace: [],
    resumed: [],
    states: [],
  };
  const life = new Life(entry, passedOn ?? ((saved) => saved));
  for (const made of makes) life.run(['make', ...made]);
  const isPlateau = makes[0]?.[0] === 'ReduceLROnPlateau';
  const digits = Math.floor(-Math.log10(bound(makes))) - 2;
  const wanted = Array.from(trace.array);
  const seen = life.read().flat();
  for (let epoch = 1; epoch <= 300; epoch++) {
    life.run(isPlateau ? ['metric', [metricOf(epoch)]] : ['step', 1]);
    if (epoch === 150) {
      sameStates(
        life.schedulers.map((s) => s.stateDict()),
        resumed[1],
        digits,
      );
      if (passedOn !== null) life.run(['resume']);
    }
    seen.push(...life.read().flat());
  }
  sameStates(
    life.schedulers.map((s) => s.stateDict()),
    states,
    digits,
  );
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
  it(`gives PyTorch's rates${exact ? ', to the last bit' : ''}`, () => live(entry, null, exact));

  it('goes on from its own state', () => live(entry, (saved) => saved, exact));

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
