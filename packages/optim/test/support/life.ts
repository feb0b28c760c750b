/** Runs what happens to schedulers in their lives, as tools/oracle/schedule_lives.py does in PyTorch. */
import { zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { optionsOf } from '../../../core/test/oracle/signature.ts';

export type Action = readonly [name: string, ...args: unknown[]];
export type Dict = Record<string, unknown>;

export interface Entry {
  readonly op: 'life';
  readonly optimizer: 'SGD' | 'Adam' | 'Adagrad';
  readonly optimizerOptions: Dict;
  readonly actions: readonly Action[];
  /** After each action the rates and the momenta (Adam: beta1) of the groups; at its end 'error' where PyTorch raised one. */
  readonly trace: readonly (readonly (readonly number[])[] | 'error')[];
  /** The optimizer's groups and the schedulers' states where they were resumed. */
  readonly resumed: readonly [groups: Dict[], states: Dict[]] | [];
  readonly states: readonly Dict[];
}

export interface AnyScheduler {
  readonly lastEpoch: number;
  step(...values: number[]): void;
  stateDict(): Dict;
  loadStateDict(dict: Dict): void;
}

const optimizers = { SGD: optim.SGD, Adam: optim.Adam, Adagrad: optim.Adagrad };
const schedulers = { ...optim.lrScheduler, SWALR: optim.swaUtils.SWALR } as unknown as Record<
  string,
  new (
    ...args: unknown[]
  ) => AnyScheduler
>;
const lambdas: Readonly<Record<string, unknown>> = {
  decay: (epoch: number) => 0.95 ** epoch,
  nothing: () => null,
  warmup: (epoch: number) => Math.min(1, (epoch + 1) / 10),
  slowly: (epoch: number) => 1 - (epoch % 7) / 512,
};
const parameter = (): nn.Parameter => new nn.Parameter(zeros([2]));
const group = (lr: number | null): { params: nn.Parameter[]; lr?: number } =>
  lr === null ? { params: [parameter()] } : { params: [parameter()], lr };

/** A value of the fixture: what JSON has not stands there as { f: 'inf' }. */
export function decoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== 'object' || value === null) return value;
  const { f } = value as { f?: string };
  if (f !== undefined) return { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }[f];
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, decoded(v)]));
}

/** The states of the schedulers and the optimizer's dict at a time. */
export type Saved = { optimizer: optim.OptimizerStateDict; schedulers: Dict[] };

/** A scheduler as the fixture describes it. */
export type Made = [name: string, args: readonly unknown[], options: Dict];

const schedulerOptions = ({ T_mult: tMult, scale_fn: scaleFn, ...others }: Dict): Dict => ({
  ...optionsOf(Object.entries(others)),
  ...(tMult === undefined ? {} : { tMult }),
  ...(scaleFn === undefined ? {} : { scaleFn: lambdas[scaleFn as string] }),
});

/** Numbers to so many digits, all else as it is. */
export const rounded = (value: unknown, digits = 12): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, v: unknown) => {
      if (typeof v !== 'number') return v;
      return Number.isFinite(v) ? Number(v.toPrecision(digits)) + 0 : String(v);
    }),
  );

/** PyTorch leaves traces of the first step in the state of a schedule of schedules that stands in another. */
export const asHere = (states: readonly Dict[]): Dict[] =>
  states.map(({ _schedulers: parts, ...own }) => {
    if (!Array.isArray(parts)) return own;
    const inner = asHere(parts as Dict[]).map(({ _step_count, _is_initial, ...part }) =>
      part._schedulers === undefined ? { _step_count, _is_initial, ...part } : part,
    );
    return { ...own, _schedulers: inner };
  });

export class Life {
  optimizer: optim.Optimizer;
  schedulers: AnyScheduler[] = [];
  readonly #made: Made[] = [];
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

  #newScheduler(name: string, args: readonly unknown[], options: Dict): AnyScheduler {
    const Scheduler = schedulers[name];
    if (Scheduler === undefined) throw new Error(`no scheduler ${name}`);
    const given = args.map((a) => (typeof a === 'string' ? lambdas[a] : a));
    const [parts, ...more] = given;
    const made = (): AnyScheduler[] => (parts as Made[]).map((part) => this.#newScheduler(...part));
    const named = schedulerOptions(options);
    if (name === 'SequentialLR') return new Scheduler(this.optimizer, made(), ...more, named);
    if (name === 'ChainedScheduler') return new Scheduler(made(), named);
    return new Scheduler(this.optimizer, ...given, named);
  }

  run([name, ...args]: Action): void {
    const actions: Record<string, (...args: never[]) => void> = {
      make: (...made: Made) => {
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
      metricAt: (pairs: (readonly [metric: number, epoch: number])[]) => {
        for (const pair of pairs) this.#stepAll(...pair);
      },
      foreign: (name: string) => {
        const own = new optim.lrScheduler.StepLR(this.optimizer, 3);
        const other = new optim.lrScheduler.StepLR(this.#newOptimizer(), 3);
        if (name === 'SequentialLR') new optim.lrScheduler.SequentialLR(this.optimizer, [own, other], [2]);
        else new optim.lrScheduler.ChainedScheduler([own, other]);
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

  #stepAll(...values: number[]): void {
    this.optimizer.step();
    for (const scheduler of this.schedulers) scheduler.step(...values);
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
    return [groups.map((g) => g.lr), groups.map((g) => g.momentum ?? g.betas?.[0] ?? 0)];
  }
}
