import { type Tensor, tensor } from '@kindling/core';
import * as optim from '@kindling/optim';
import { ExportError } from '../../errors.ts';
import { call, list, type Py, prefixed, statement, written } from '../python/text/index.ts';

const { lrScheduler, swaUtils } = optim;

/** A schedule: a `LRScheduler`, or the one that follows a metric. */
export type Scheduler = optim.lrScheduler.LRScheduler | optim.lrScheduler.ReduceLROnPlateau;

/** Several values as a list, which Python tells from a tuple; a value as it is. */
class List {
  readonly values: readonly number[];
  constructor(values: readonly number[]) {
    this.values = values;
  }
}

/** The value that all are, or all. */
const oneOrAll = (values: readonly number[]): unknown =>
  values.every((x) => x === values[0]) ? values[0] : new List(values);

/** A schedule that PyTorch has: what it is made with there, by names of arguments. */
interface Row {
  readonly name: string;
  readonly of: (own: Scheduler, state: optim.lrScheduler.SchedulerStateDict) => Record<string, unknown>;
}

const row = <S extends Scheduler>(
  made: abstract new (...options: never[]) => S,
  name: string,
  of: (own: S, state: optim.lrScheduler.SchedulerStateDict) => Record<string, unknown>,
): [unknown, Row] => [made, { name, of: of as Row['of'] }];

/** What the groups of the optimizer hold of a schedule. */
const ofGroups = (own: Scheduler, key: string): unknown =>
  oneOrAll(own.optimizer.paramGroups.map((group) => (group as Record<string, number>)[key] ?? 0));

/** Those made of others, and of functions, are printed below. */
const table: ReadonlyMap<unknown, Row> = /* @__PURE__ */ new Map<unknown, Row>([
  row(lrScheduler.ConstantLR, 'ConstantLR', (own) => ({ factor: own.factor, total_iters: own.totalIters })),
  row(lrScheduler.CosineAnnealingLR, 'CosineAnnealingLR', (own) => ({
    T_max: own.tMax,
    eta_min: own.etaMin,
  })),
  row(lrScheduler.CosineAnnealingWarmRestarts, 'CosineAnnealingWarmRestarts', (own) => ({
    T_0: own.t0,
    T_mult: own.tMult,
    eta_min: own.etaMin,
  })),
  row(lrScheduler.ExponentialLR, 'ExponentialLR', (own) => ({ gamma: own.gamma })),
  row(lrScheduler.LinearLR, 'LinearLR', (own) => ({
    start_factor: own.startFactor,
    end_factor: own.endFactor,
    total_iters: own.totalIters,
  })),
  row(lrScheduler.MultiStepLR, 'MultiStepLR', ({ milestones, gamma }) => ({
    milestones: new List(
      Object.entries(milestones).flatMap(([epoch, times]) => new Array<number>(times).fill(Number(epoch))),
    ),
    gamma,
  })),
  row(lrScheduler.PolynomialLR, 'PolynomialLR', (own) => ({ total_iters: own.totalIters, power: own.power })),
  row(lrScheduler.StepLR, 'StepLR', (own) => ({ step_size: own.stepSize, gamma: own.gamma })),
  row(lrScheduler.CyclicLR, 'CyclicLR', (own) => {
    const up = own.totalSize * own.stepRatio;
    const { baseMomentums: least, maxMomentums: most } = own;
    return {
      base_lr: oneOrAll(own.baseLrs),
      max_lr: oneOrAll(own.maxLrs),
      step_size_up: up,
      step_size_down: own.totalSize - up,
      mode: own.mode,
      gamma: own.gamma,
      cycle_momentum: own.cycleMomentum,
      ...(least && most && { base_momentum: oneOrAll(least), max_momentum: oneOrAll(most) }),
    };
  }),
  row(lrScheduler.OneCycleLR, 'OneCycleLR', (own, state) => {
    const phases = state._schedule_phases as { end_step: number }[];
    const [first] = own.optimizer.paramGroups;
    const { initialLr = 1, maxLr = 1, minLr = 1 } = (first ?? {}) as Partial<Record<string, number>>;
    const momenta = own.cycleMomentum && {
      base_momentum: ofGroups(own, 'baseMomentum'),
      max_momentum: ofGroups(own, 'maxMomentum'),
    };
    return {
      max_lr: ofGroups(own, 'maxLr'),
      total_steps: own.totalSteps,
      pct_start: ((phases[0]?.end_step ?? 0) + 1) / own.totalSteps,
      anneal_strategy: state._anneal_func_type,
      cycle_momentum: own.cycleMomentum,
      ...momenta,
      div_factor: maxLr / initialLr,
      final_div_factor: initialLr / minLr,
      three_phase: phases.length === 3,
    };
  }),
  row(lrScheduler.ReduceLROnPlateau, 'ReduceLROnPlateau', (own) => ({
    mode: own.mode,
    factor: own.factor,
    patience: own.patience,
    threshold: own.threshold,
    threshold_mode: own.thresholdMode,
    cooldown: own.cooldown,
    min_lr: oneOrAll(own.minLrs),
    eps: own.eps,
  })),
  row(swaUtils.SWALR, 'SWALR', (own, state) => ({
    swa_lr: ofGroups(own, 'swaLr'),
    anneal_epochs: own.annealEpochs,
    anneal_strategy: state._anneal_strategy,
  })),
]);

/** A schedule as Python makes it. */
interface SchedulerPython {
  /** The line that makes it, of `optimizer`. */
  readonly text: string;
  /** The classes it names, by the module that has them. */
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>;
  /** What functions of the user's give for the epochs from 0 on, which Python reads from a file: float64. */
  readonly tables: Readonly<Record<string, Tensor>>;
  readonly state: Readonly<Record<string, unknown>>;
}

/** How many epochs are asked of a function that Python cannot have. */
const TABULATED = 10_000;

/**
 * The values of a function at 0, 1, 2 and so on, as far as it gives numbers; where it gives none at first (a cycle's
 * number begins with 1), NaN.
 * @throws ExportError where it gives none at all
 */
function tabulated(f: (x: number) => number, what: string): Tensor {
  const values: number[] = [];
  const valueAt = (x: number): number => {
    try {
      return f(x);
    } catch {
      return Number.NaN;
    }
  };
  for (let x = 0; x < TABULATED; x++) {
    const value = valueAt(x);
    if (!Number.isFinite(value) && x > 1) break;
    values.push(Number.isFinite(value) ? value : Number.NaN);
  }
  if (values.some(Number.isFinite)) return tensor(values, { dtype: 'float64' });
  throw new ExportError(`exportTorch: ${what}: its function gives no number for 0 or 1`);
}

/**
 * How Python makes a schedule.
 * @throws ExportError where PyTorch has none of its class
 */
export function schedulerPython(name: string, scheduler: Scheduler, file: string): SchedulerPython {
  const imports = new Map<string, Set<string>>();
  const tables: Record<string, Tensor> = {};
  const use = (name: string): string => {
    const from = name === 'SWALR' ? 'torch.optim.swa_utils' : 'torch.optim.lr_scheduler';
    const names = imports.get(from) ?? new Set();
    imports.set(from, names.add(name));
    return name;
  };
  const read = (f: (x: number) => number, what: string): string => {
    const key = String(Object.keys(tables).length);
    tables[key] = tabulated(f, what);
    return `state.tabulated(HERE / "${file}.safetensors", "${key}")`;
  };
  const made = (one: Scheduler): Py => {
    const { constructor } = one;
    if (constructor === lrScheduler.SequentialLR) {
      const { schedulers, milestones } = one as optim.lrScheduler.SequentialLR;
      const parts = [list(schedulers.map(made)), prefixed('milestones=', list(milestones.map(written)))];
      return call(use('SequentialLR'), ['optimizer', ...parts]);
    }
    if (constructor === lrScheduler.ChainedScheduler)
      return call(use('ChainedScheduler'), [
        list((one as optim.lrScheduler.ChainedScheduler).schedulers.map(made)),
      ]);
    for (const name of ['LambdaLR', 'MultiplicativeLR'] as const) {
      if (constructor !== lrScheduler[name]) continue;
      const { lrLambdas } = one as InstanceType<(typeof lrScheduler)[typeof name]>;
      const isOne = lrLambdas.every((f) => f === lrLambdas[0]);
      const functions = (isOne ? lrLambdas.slice(0, 1) : lrLambdas).map((f) => read(f, name));
      return call(use(name), ['optimizer', isOne ? (functions[0] as string) : list(functions)]);
    }
    const known = table.get(constructor);
    if (known === undefined) throw unknown(one);
    const { name, of } = known;
    const given: Py[] = Object.entries(of(one, one.stateDict())).map(([key, value]) =>
      value instanceof List
        ? prefixed(`${key}=`, list(value.values.map(written)))
        : `${key}=${written(value)}`,
    );
    if (one instanceof lrScheduler.CyclicLR && !hasOwnScale(one)) {
      const scale = read((x) => one.scaleFn(x), 'scaleFn');
      given.push(`scale_fn=${scale}`, `scale_mode=${written(one.scaleMode)}`);
    }
    return call(use(name), ['optimizer', ...given]);
  };
  return {
    text: statement(`    ${name} = `, made(scheduler)),
    imports,
    tables,
    state: scheduler.stateDict(),
  };
}

/** Whether the height of a cycle is one that its mode says. */
function hasOwnScale(scheduler: optim.lrScheduler.CyclicLR): boolean {
  const { mode, gamma } = scheduler;
  const heights = {
    triangular: () => 1,
    triangular2: (x: number) => 2 ** (1 - x),
    exp_range: (x: number) => gamma ** x,
  };
  return [1, 2, 3, 4].every((x) => scheduler.scaleFn(x) === heights[mode](x));
}

const unknown = (scheduler: Scheduler): ExportError =>
  new ExportError(
    `exportTorch: torch.optim.lr_scheduler has no ${scheduler.constructor.name}; it has ` +
      `${[...table.values()].map(({ name }) => name).join(', ')}, LambdaLR, MultiplicativeLR, SequentialLR and ChainedScheduler: ` +
      'state the same rates by a LambdaLR, new lrScheduler.LambdaLR(optimizer, (epoch) => ...)',
  );
