/** The lives of schedulers against PyTorch: degenerate cycles, several on one optimizer, groups added later, resuming. */
import { KindlingError, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readFixture } from '../../core/test/oracle/fixture.ts';
import { optionsOf } from '../../core/test/oracle/signature.ts';

type Action = readonly [name: string, ...args: unknown[]];
type Dict = Record<string, unknown>;

interface Entry {
  readonly op: 'life';
  readonly optimizer: 'SGD' | 'Adam';
  readonly optimizerOptions: Dict;
  readonly actions: readonly Action[];
  /** After each action the rates and the momenta (Adam: beta1) of the groups; at its end 'error' where PyTorch raised one. */
  readonly trace: readonly (readonly (readonly number[])[] | 'error')[];
  /** The optimizer's groups and the schedulers' states where they were resumed. */
  readonly resumed: readonly [groups: Dict[], states: Dict[]] | [];
  readonly states: readonly Dict[];
}

interface AnyScheduler {
  readonly lastEpoch: number;
  step(value?: number): void;
  stateDict(): Dict;
  loadStateDict(dict: Dict): void;
}

const optimizers = { SGD: optim.SGD, Adam: optim.Adam };
const schedulers = optim.lrScheduler as unknown as Record<string, new (...args: unknown[]) => AnyScheduler>;
const lambdas: Readonly<Record<string, unknown>> = {
  decay: (epoch: number) => 0.95 ** epoch,
  nothing: () => null,
};
const parameter = (): nn.Parameter => new nn.Parameter(zeros([2]));
const group = (lr: number | null): { params: nn.Parameter[]; lr?: number } =>
  lr === null ? { params: [parameter()] } : { params: [parameter()], lr };

/** A value of the fixture: what JSON has not stands there as { f: 'inf' }. */
function decoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== 'object' || value === null) return value;
  const { f } = value as { f?: string };
  if (f !== undefined) return { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }[f];
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, decoded(v)]));
}

/** The states of the schedulers and the optimizer's dict at a time. */
type Saved = { optimizer: optim.OptimizerStateDict; schedulers: Dict[] };

class Life {
  optimizer: optim.Optimizer;
  schedulers: AnyScheduler[] = [];
  readonly #made: [name: string, args: unknown[], options: Dict][] = [];
  readonly #groups: (number | null)[] = [null, 0.5];

  readonly entry: Entry;
  /** What is loaded on resuming, of what was saved. */
  readonly passedOn: (saved: Saved) => Saved;

  constructor(entry: Entry, passedOn: (saved: Saved) => Saved) {
    this.entry = entry;
    this.passedOn = passedOn;
    this.optimizer = this.#newOptimizer();
  }

  #newOptimizer(): optim.Optimizer {
    return new optimizers[this.entry.optimizer](
      this.#groups.map(group),
      optionsOf(Object.entries(this.entry.optimizerOptions)),
    );
  }

  #newScheduler(name: string, args: unknown[], options: Dict): AnyScheduler {
    const given = args.map((a) => (typeof a === 'string' ? lambdas[a] : a));
    return new schedulers[name]!(this.optimizer, ...given, optionsOf(Object.entries(options)));
  }

  run([name, ...args]: Action): void {
    const actions: Record<string, (...args: never[]) => void> = {
      make: (...made: [string, unknown[], Dict]) => {
        this.schedulers.push(this.#newScheduler(...made));
        this.#made.push(made);
      },
      step: (count: number) => {
        for (let i = 0; i < count; i++) this.#stepAll();
      },
      to: (values: number[]) => {
        for (const value of values) this.#stepAll(value);
      },
      metric: (values: number[]) => {
        for (const value of values) this.#stepAll(value);
      },
      add: (lr: number) => {
        this.optimizer.addParamGroup(group(lr));
        this.#groups.push(lr);
      },
      rate: (lr: number) => {
        for (const g of this.optimizer.paramGroups) g.lr = lr;
      },
      resume: () => this.#resume(),
      resumeByEpoch: () => {
        const saved = this.optimizer.stateDict();
        const epochs = this.schedulers.map((s) => s.lastEpoch - 1);
        this.optimizer = this.#newOptimizer();
        this.optimizer.loadStateDict(saved);
        this.schedulers = this.#made.map(([scheduler, a, options], i) =>
          this.#newScheduler(scheduler, a, { ...options, last_epoch: epochs[i] }),
        );
      },
    };
    actions[name]!(...(args as never[]));
  }

  #stepAll(value?: number): void {
    this.optimizer.step();
    for (const scheduler of this.schedulers) scheduler.step(value);
  }

  #resume(): void {
    const saved = this.passedOn({
      optimizer: this.optimizer.stateDict(),
      schedulers: this.schedulers.map((s) => s.stateDict()),
    });
    this.optimizer = this.#newOptimizer();
    this.schedulers = this.#made.map((made) => this.#newScheduler(...made));
    this.optimizer.loadStateDict(saved.optimizer);
    for (const [i, scheduler] of this.schedulers.entries()) scheduler.loadStateDict(saved.schedulers[i]!);
  }

  read(): number[][] {
    const groups = this.optimizer.paramGroups as { lr: number; momentum?: number; betas?: number[] }[];
    return [groups.map((g) => g.lr), groups.map((g) => (g.momentum ?? g.betas?.[0]) as number)];
  }
}

/** Numbers to 12 digits, all else as it is. */
const rounded = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, v: unknown) => {
      if (typeof v !== 'number') return v;
      return Number.isFinite(v) ? Number(v.toPrecision(12)) + 0 : String(v);
    }),
  );

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
    const known = entry.states[i]!.base_lrs as number[] | undefined;
    return known === undefined
      ? state
      : { ...state, base_lrs: (state.base_lrs as number[]).slice(0, known.length) };
  });
  expect(rounded(states)).toEqual(rounded(entry.states));
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
