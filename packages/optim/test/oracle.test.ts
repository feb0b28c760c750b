/** Optimizers, schedulers and gradient clipping against PyTorch; see tools/oracle. */

import { type DType, manualSeed, randint, randn, Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { describe, expect, it } from 'vitest';
import { mismatch } from '../../core/test/oracle/compare.ts';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { optionsOf } from '../../core/test/oracle/signature.ts';
import { plain, toTensor } from '../../core/test/oracle/tensors.ts';

const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);

type Options = Readonly<Record<string, unknown>>;

interface AnyOptimizer {
  readonly paramGroups: Record<string, unknown>[];
  step(): unknown;
  zeroGrad(): void;
  stateDict(): unknown;
  addParamGroup(group: Record<string, unknown>): void;
}

const optimizers = optim as unknown as Record<
  string,
  new (
    parameters: unknown,
    options: unknown,
  ) => AnyOptimizer
>;

const make = (name: string, parameters: unknown, options: Options): AnyOptimizer =>
  new optimizers[name]!(parameters, optionsOf(Object.entries(options)));

interface Curve {
  readonly seed: number;
  readonly dtype: 'float32' | 'float64';
  readonly optimizer: string;
  readonly options: Options;
  readonly losses: readonly number[];
  readonly x?: Recorded;
  readonly y?: Recorded;
  readonly initial?: Readonly<Record<string, Recorded>>;
  readonly final?: Readonly<Record<string, Recorded>>;
}

/**
 * How far a loss may be from PyTorch's. In float32 rounding may flip a ReLU whose input is about zero: that row's part of a
 * weight's gradient, a 64th, comes or goes, and later losses move by some 1e-5.
 */
const lossTolerance = { float32: 1e-4, float64: 1e-10 };

describe('loss curves of an MLP from the same seed', () => {
  for (const entry of readFixture<Curve>(fixture('curves')).entries) {
    it(`${entry.optimizer} ${JSON.stringify(entry.options)} ${entry.dtype}`, () => {
      manualSeed(entry.seed);
      const model = new nn.Sequential(new nn.Linear(20, 32), new nn.ReLU(), new nn.Linear(32, 10));
      const drawn = randn([64, 20]);
      const y = randint(0, 10, [64]);
      const same = (what: string, actual: Tensor, expected: Recorded | undefined): void =>
        expect(expected && mismatch(what, plain(actual), expected)).toBeFalsy();
      same('x', drawn, entry.x);
      same('y', y, entry.y);
      for (const [name, p] of model.namedParameters()) same(`initial ${name}`, p, entry.initial?.[name]);
      model.to(entry.dtype);
      const x = drawn.to(entry.dtype);
      const optimizer = make(entry.optimizer, model.parameters(), entry.options);
      const lossFunction = new nn.CrossEntropyLoss();
      entry.losses.forEach((expected, step) => {
        optimizer.zeroGrad();
        const loss = lossFunction(model(x), y);
        loss.backward();
        optimizer.step();
        const off = Math.abs(Number(loss.item()) - expected);
        expect(off, `loss of step ${step}: PyTorch ${expected}`).toBeLessThan(lossTolerance[entry.dtype]);
      });
      for (const [name, p] of model.namedParameters()) same(`final ${name}`, p, entry.final?.[name]);
    });
  }
});

interface Steps {
  readonly op: 'steps' | 'groups';
  readonly optimizer: string;
  readonly options: Options;
  readonly second?: Options;
  readonly dtype?: DType;
  readonly start: readonly Recorded[];
  readonly grads: readonly (readonly (Recorded | null)[])[];
  readonly after: readonly (readonly Recorded[])[];
  readonly stateDict: unknown;
}

/** stateDict() in the fixture's form: names in snake_case are PyTorch's, tensors become shape and dtype. */
function layout(state: unknown): unknown {
  if (state instanceof Tensor) return { shape: [...state.shape], dtype: state.dtype };
  if (state instanceof Map) return layout(Object.fromEntries(state));
  if (Array.isArray(state)) return state.map(layout);
  if (state !== null && typeof state === 'object') {
    return Object.fromEntries(Object.entries(state).map(([k, v]) => [k, layout(v)]));
  }
  return state;
}

describe('steps', () => {
  for (const entry of readFixture<Steps>(fixture('steps')).entries) {
    it(`${entry.op} ${entry.optimizer} ${JSON.stringify(entry.options)} ${entry.dtype ?? ''}`, () => {
      const parameters = entry.start.map((r) => new nn.Parameter(toTensor(r)));
      let optimizer: AnyOptimizer;
      if (entry.second) {
        optimizer = make(entry.optimizer, [{ params: parameters.slice(0, 2) }], entry.options);
        optimizer.addParamGroup({ params: parameters.slice(2), ...optionsOf(Object.entries(entry.second)) });
      } else optimizer = make(entry.optimizer, parameters, entry.options);
      entry.grads.forEach((grads, step) => {
        parameters.forEach((p, i) => {
          const g = grads[i];
          p.grad = g ? toTensor(g) : null;
        });
        optimizer.step();
        parameters.forEach((p, i) => {
          expect(mismatch(`parameter ${i} after step ${step}`, plain(p), entry.after[step]![i]!)).toBeNull();
        });
      });
      expect(layout(optimizer.stateDict())).toEqual(entry.stateDict);
    });
  }
});

interface Schedule {
  readonly op: 'schedule';
  readonly scheduler: string;
  readonly args: readonly (number | string)[];
  readonly options: Options;
  readonly optimizer: string;
  readonly optimizerOptions: Options;
  /** For each step: rates, momenta (Adam: beta1), getLastLr(), of both groups. */
  readonly sequence: readonly (readonly (readonly number[])[])[];
}

interface Plateau {
  readonly op: 'plateau';
  readonly options: Options;
  readonly metrics: readonly number[];
  readonly sequence: readonly number[];
}

interface AnyScheduler {
  step(metric?: number): void;
  getLastLr(): readonly number[];
}

const schedulers = optim.lrScheduler as unknown as Record<string, new (...args: unknown[]) => AnyScheduler>;

const lambdas: Readonly<Record<string, (epoch: number) => number>> = {
  decay: (epoch) => 0.95 ** epoch,
  warmup: (epoch) => Math.min(1, (epoch + 1) / 10),
};

const zeroParameter = (): Tensor => new nn.Parameter(new Tensor(randn([2]).storage, [2], 'float32'));

describe('schedules', () => {
  for (const entry of readFixture<Schedule | Plateau>(fixture('schedules')).entries) {
    if (entry.op === 'plateau') {
      it(`ReduceLROnPlateau ${JSON.stringify(entry.options)}`, () => {
        const optimizer = make('SGD', [zeroParameter()], { lr: 0.1 });
        const scheduler = new schedulers.ReduceLROnPlateau!(
          optimizer,
          optionsOf(Object.entries(entry.options)),
        );
        const rates = entry.metrics.map((metric) => {
          optimizer.step();
          scheduler.step(metric);
          return optimizer.paramGroups[0]!.lr as number;
        });
        closeLists(rates, entry.sequence);
      });
      continue;
    }
    it(`${entry.scheduler} ${JSON.stringify([...entry.args, entry.options])} ${entry.optimizer}`, () => {
      const groups = [{ params: [zeroParameter()] }, { params: [zeroParameter()], lr: 0.5 }];
      const optimizer = make(entry.optimizer, groups, entry.optimizerOptions);
      const args: unknown[] = entry.args.map((a) => (typeof a === 'string' ? lambdas[a] : a));
      const scheduler = new schedulers[entry.scheduler]!(
        optimizer,
        ...args,
        optionsOf(Object.entries(entry.options)),
      );
      entry.sequence.forEach(([rates, momenta, last], step) => {
        if (step > 0) {
          optimizer.step();
          scheduler.step();
        }
        closeLists(
          optimizer.paramGroups.map((g) => g.lr as number),
          rates!,
        );
        const momentum = (g: Record<string, unknown>): number =>
          (g.momentum ?? (g.betas as number[])[0]) as number;
        closeLists(optimizer.paramGroups.map(momentum), momenta!);
        closeLists(scheduler.getLastLr(), last!);
      });
    });
  }
});

function closeLists(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((e, i) => {
    expect(Math.abs(actual[i]! - e), `${i}: ${actual[i]}, PyTorch ${e}`).toBeLessThanOrEqual(
      1e-12 * Math.abs(e) + 1e-15,
    );
  });
}

interface Clip {
  readonly normType: number;
  readonly maxNorm: number;
  readonly start: readonly Recorded[];
  readonly grads: readonly Recorded[];
  readonly total: number;
  readonly after: readonly Recorded[];
}

describe('clipGradNorm_', () => {
  for (const entry of readFixture<Clip>(fixture('clipping')).entries) {
    it(`norm ${entry.normType}, at most ${entry.maxNorm}`, () => {
      const parameters = entry.start.map((r, i) => {
        const p = new nn.Parameter(toTensor(r));
        p.grad = toTensor(entry.grads[i]!);
        return p;
      });
      const total = optim.clipGradNorm_(parameters, entry.maxNorm, { normType: entry.normType });
      expect(Math.abs(Number(total.item()) - entry.total) / entry.total).toBeLessThan(1e-5);
      parameters.forEach((p, i) => {
        expect(mismatch(`gradient ${i}`, plain(p.grad!), entry.after[i]!)).toBeNull();
      });
    });
  }
});
