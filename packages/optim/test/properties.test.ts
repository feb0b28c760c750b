/** What holds of every elementwise optimizer, whatever its options: drawn by fast-check. */
import { manualSeed, noGrad, randn, Tensor } from '@kindling/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../../core/test/support/compiled.ts';
import * as optim from '../src/index.ts';
import { type Memory, plainUpdates } from './support/plain-updates.ts';

const rate = fc.constantFrom(1e-4, 0.01, 0.1, 0.5);
const decay = fc.constantFrom(0, 0, 0.01, 0.3);
const fraction = fc.constantFrom(0, 0.1, 0.4, 0.5, 0.51, 0.9, 0.99, 0.999);
const betas = fc.tuple(fraction, fraction);
const eps = fc.constantFrom(1e-8, 1e-3);
const common = { lr: rate, weightDecay: decay, maximize: fc.boolean() };
const momentum = fc.constantFrom(0, 0.4, 0.9);

/** The options of each, in all combinations. */
const drawn: Readonly<Record<string, fc.Arbitrary<object>>> = {
  Adadelta: fc.record({ ...common, rho: fc.constantFrom(0, 0.5, 0.9, 1), eps }),
  Adagrad: fc.record({
    ...common,
    eps,
    lrDecay: fc.constantFrom(0, 0.1),
    initialAccumulatorValue: fc.constantFrom(0, 0.5),
  }),
  Adam: fc.record({ ...common, betas, eps, amsgrad: fc.boolean(), decoupledWeightDecay: fc.boolean() }),
  AdamW: fc.record({ ...common, betas, eps, amsgrad: fc.boolean() }),
  Adamax: fc.record({ ...common, betas, eps }),
  ASGD: fc.record({
    ...common,
    lambd: fc.constantFrom(0, 1e-4, 0.1),
    alpha: fc.constantFrom(0, 0.75),
    t0: fc.constantFrom(0, 2, 1e6),
  }),
  Lion: fc.record({ ...common, betas }),
  NAdam: fc.record({
    ...common,
    betas,
    eps,
    momentumDecay: fc.constantFrom(0, 4e-3, 0.1),
    decoupledWeightDecay: fc.boolean(),
  }),
  RAdam: fc.record({ ...common, betas, eps, decoupledWeightDecay: fc.boolean() }),
  RMSprop: fc.record({
    ...common,
    eps,
    alpha: fc.constantFrom(0, 0.3, 0.6, 0.99, 1.2, 2),
    momentum,
    centered: fc.boolean(),
  }),
  Rprop: fc.record({
    lr: rate,
    maximize: fc.boolean(),
    etas: fc.constantFrom([0.5, 1.2], [0.1, 3]),
    stepSizes: fc.constantFrom([1e-6, 50], [0.05, 0.2]),
  }),
  SGD: fc
    .record({ ...common, momentum, dampening: fc.constantFrom(0, 0.3), nesterov: fc.boolean() })
    .map((o) => (o.nesterov && (o.momentum === 0 || o.dampening !== 0) ? { ...o, nesterov: false } : o)),
};

/** Those that are no formula of a parameter's elements: they have norms, products, searches or averages of points. */
const beyondElements = new Set('Adafactor AdamWScheduleFree LBFGS Lamb Muon SGDScheduleFree'.split(' '));

it('are all optimizers that have a formula of elements', () => {
  const exported = Object.entries<unknown>(optim).flatMap(([name, made]) =>
    typeof made === 'function' && made.prototype instanceof optim.Optimizer ? [name] : [],
  );
  const names = exported.filter((name) => !beyondElements.has(name)).toSorted();
  expect(Object.keys(drawn).toSorted()).toEqual(names);
  expect(Object.keys(plainUpdates).toSorted()).toEqual(names);
});

type Maker = new (
  params: Iterable<Tensor> | Iterable<{ params: Tensor[] }>,
  options: object,
) => optim.Optimizer;
const makers = optim as unknown as Readonly<Record<string, Maker>>;
const maker = (name: string): Maker => makers[name] as Maker;

const settings = fc.record({
  dtype: fc.constantFrom('float32' as const, 'float64' as const),
  seed: fc.nat(),
  sizes: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 4 }),
});
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;

const parameters = ({ dtype, seed, sizes }: Settings): Tensor[] => {
  manualSeed(seed);
  return sizes.map((size) => randn([size], { dtype, requiresGrad: true }));
};

/** Gradients that depend on the step and the seed alone; now and then one is missing. */
function give({ dtype, seed }: Settings, params: readonly Tensor[], step: number): void {
  manualSeed(seed + 1000 * step);
  for (const [k, p] of params.entries()) {
    const g = randn([...p.shape], { dtype });
    p.grad = (seed + step + k) % 5 === 4 ? null : g;
  }
}

const bits = (params: readonly Tensor[], optimizer: optim.Optimizer): unknown => [
  params.map(bitsOf),
  params.map((p) =>
    Object.entries(optimizer.state.get(p) ?? {}).map(([key, x]) => [
      key,
      x instanceof Tensor ? bitsOf(x) : x,
    ]),
  ),
];

const copies = (params: readonly Tensor[]): Tensor[] => params.map((p) => p.detach().clone().requiresGrad_());

const steps = 8;
const numRuns = Number(process.env.KINDLING_RUNS ?? 25);

describe.each(Object.entries(drawn))('%s', (name, options) => {
  const Optimizer = maker(name);

  it('leaves the bits of its formula in operations on tensors', () => {
    const plain = plainUpdates[name];
    fc.assert(
      fc.property(settings, options, (s, o) => {
        const params = parameters(s);
        const expected = params.map((p) => p.detach().clone());
        const memories: Memory[] = params.map(() => ({ t: 0 }));
        const optimizer = new Optimizer(params, o);
        for (let step = 1; step <= steps; step++) {
          give(s, params, step);
          optimizer.step();
          for (const [k, { grad }] of params.entries()) {
            const [w, memory] = [expected[k], memories[k]];
            if (grad === null || w === undefined || memory === undefined || plain === undefined) continue;
            memory.t++;
            expected[k] = noGrad(() => plain(w, grad, memory, optimizer.paramGroups[0] ?? {}));
          }
          expect(params.map(bitsOf)).toEqual(expected.map(bitsOf));
        }
      }),
      { numRuns },
    );
  });

  it('does to one group what it does to the same parameters in two', () => {
    fc.assert(
      fc.property(settings, options, (s, o) => {
        const [together, apart] = [parameters(s), parameters(s)];
        const one = new Optimizer(together, o);
        const two = new Optimizer([{ params: apart.slice(0, 1) }, { params: apart.slice(1) }], o);
        for (let step = 1; step <= steps; step++) {
          give(s, together, step);
          give(s, apart, step);
          one.step();
          two.step();
        }
        expect(bits(apart, two)).toEqual(bits(together, one));
      }),
      { numRuns },
    );
  });

  it('goes on from a state that was saved at any step, by way of JSON, as if nothing had been', () => {
    fc.assert(
      fc.property(settings, options, fc.nat({ max: steps }), (s, o, saved) => {
        const params = parameters(s);
        const optimizer = new Optimizer(params, o);
        let [resumed, loaded] = [params, optimizer];
        for (let step = 1; step <= steps; step++) {
          if (step - 1 === saved) {
            resumed = copies(params);
            loaded = new Optimizer(resumed, {});
            loaded.loadStateDict(JSON.parse(JSON.stringify(optimizer.stateDict())));
          }
          give(s, params, step);
          optimizer.step();
          if (loaded === optimizer) continue;
          give(s, resumed, step);
          loaded.step();
        }
        expect(bits(resumed, loaded)).toEqual(bits(params, optimizer));
      }),
      { numRuns },
    );
  });
});
