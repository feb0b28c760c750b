/** LBFGS against PyTorch: steps, ends, state; and what it refuses. */
import {
  arange,
  cat,
  KindlingError,
  manualSeed,
  randint,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it, vi } from 'vitest';
import { mismatch } from '../../core/test/oracle/compare.ts';
import { Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { optionsOf } from '../../core/test/oracle/signature.ts';
import { plain, toTensor } from '../../core/test/oracle/tensors.ts';
import { bitsOf } from '../../core/test/support/compiled.ts';
import * as optim from '../src/index.ts';
import { type Options, type RecordedState, sideBySide } from './support/runs.ts';

// biome-ignore lint/suspicious/noExplicitAny: as plain JavaScript would
const js = (value: unknown): any => value;

interface Course {
  readonly op: 'lbfgs';
  readonly objective: 'rosenbrock' | 'quadratic';
  readonly start: 'plane' | 'shapes';
  readonly options: Options;
  readonly dtype: 'float32' | 'float64';
  readonly steps: readonly Step[];
  readonly half?: RecordedState;
}

/** What a step came to. */
interface Step {
  /** All parameters side by side, then the loss. */
  readonly values: Recorded;
  /** How far courses of PyTorch's lie from this one that begin some ulps beside it. */
  readonly far: readonly number[];
  /** Evaluations and iterations so far, where those courses have as many. */
  readonly counts: readonly [number, number] | null;
}

interface OfNet {
  readonly op: 'net';
  readonly options: Options;
  readonly seed: number;
  readonly losses: readonly number[];
  readonly evals: number;
}

const { entries } = readFixture<Course | OfNet>(new URL('./fixtures/lbfgs', import.meta.url));
const courses = entries
  .filter((entry): entry is Course => entry.op === 'lbfgs')
  .map((course): [string, Course] => [
    `${course.objective} from ${course.start}, ${JSON.stringify(course.options)}, ${course.dtype}`,
    course,
  ]);

const starts = {
  plane: [[-1.5], [2]],
  shapes: [
    [
      [-1.2, 1],
      [0.5, -0.3],
    ],
    0.7,
    [1.4, -0.8],
  ],
};
const startOf = ({ start, dtype }: Course): Tensor[] =>
  starts[start].map((values) => tensor(js(values), { dtype, requiresGrad: true }));

const objectives = {
  rosenbrock(z: Tensor): Tensor {
    const [next, before] = [z.narrow(0, 1, z.count - 1), z.narrow(0, 0, z.count - 1)];
    const valley = next.sub(before.square()).square().mul(100);
    return valley.add(tensor(1, { dtype: z.dtype }).sub(before).square()).sum();
  },
  quadratic: (z: Tensor): Tensor =>
    z
      .sub(0.5)
      .square()
      .mul(arange(1, z.count + 1))
      .sum(),
};

/** The closure of a course, which counts its calls. */
function closureOf(course: Course, params: readonly Tensor[], optimizer: optim.Optimizer): () => Tensor {
  return () => {
    optimizer.zeroGrad();
    const value = objectives[course.objective](cat(params.map((p) => p.reshape([p.count]))));
    const loss = course.options.maximize === true ? value.neg() : value;
    loss.backward();
    return loss;
  };
}

const made = (params: Tensor[], options: Options): optim.LBFGS =>
  new optim.LBFGS(params, optionsOf(Object.entries(options)));

function expectStep(optimizer: optim.LBFGS, params: readonly Tensor[], step: Step, loss: Tensor): void {
  const values = cat([sideBySide(params), loss.detach().reshape([1])]);
  const noise = step.far.flatMap((distance, i) => [i, distance]);
  expect(mismatch('parameters and loss', plain(values), step.values, { noise })).toBeNull();
  const { funcEvals, nIter } = optimizer.state.get(params[0] as Tensor) ?? {};
  if (step.counts !== null) expect([funcEvals, nIter]).toEqual(step.counts);
}

describe("a course has PyTorch's places, evaluations and iterations", () => {
  it.each(courses)('%s', (_, course) => {
    const params = startOf(course);
    const optimizer = made(params, course.options);
    const closure = closureOf(course, params, optimizer);
    for (const step of course.steps) expectStep(optimizer, params, step, optimizer.step(closure));
  });

  it.each(entries.filter((entry): entry is OfNet => entry.op === 'net'))('a net, $options', (entry) => {
    manualSeed(entry.seed);
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 3)).to('float64');
    const [x, y] = [randn([32, 4]).to('float64'), randint(0, 3, [32])];
    const optimizer = made([...model.parameters()], entry.options);
    for (const expected of entry.losses) {
      const loss = optimizer.step(() => {
        optimizer.zeroGrad();
        const value = nn.functional.crossEntropy(model(x), y);
        value.backward();
        return value;
      });
      expect(Number(loss.item())).toBeCloseTo(expected, 10);
    }
    expect([...optimizer.state.values()][0]?.funcEvals).toBe(entry.evals);
  });
});

describe("LBFGS's state", () => {
  const halves = courses.filter(([, { half }]) => half !== undefined);

  /** The dict of a fixture with tensors, as PyTorch's comes by safetensors and JSON. */
  const dictOf = (half: RecordedState): optim.OptimizerStateDict => {
    const read = (x: unknown): unknown =>
      x instanceof Recorded ? toTensor(x) : Array.isArray(x) ? x.map(read) : x;
    const state = Object.fromEntries(
      Object.entries(half.state).map(([number, values]) => [
        number,
        Object.fromEntries(Object.entries(values).map(([key, value]) => [key, read(value)])),
      ]),
    );
    return js({ state, param_groups: half.param_groups });
  };
  /** Shapes of tensors, in lists too; null for what stands for nothing, numbers as such. */
  const layout = (x: unknown): unknown => {
    if (typeof x !== 'object' || x === null) return x === null ? null : 'number';
    if (Array.isArray(x)) return x.map(layout);
    const { shape, dtype } = x as Tensor;
    return `${dtype} [${shape}]`;
  };

  it('is refused where a scale of steps is no number', () => {
    const p = tensor([3, -4], { dtype: 'float64', requiresGrad: true });
    const optimizer = new optim.LBFGS([p], { maxIter: 2 });
    optimizer.step(() => {
      optimizer.zeroGrad();
      const value = p.square().square().sum();
      value.backward();
      return value;
    });
    const dict = optimizer.stateDict();
    const [scale = ''] = Object.keys(dict.state[0] ?? {}).filter((key) => /h_?diag/i.test(key));
    expect(scale).not.toBe('');
    for (const wrong of ['1', null, [1], tensor([1, 2], { dtype: 'float64' })])
      expect(() =>
        optimizer.loadStateDict(js({ ...dict, state: { 0: { ...dict.state[0], [scale]: wrong } } })),
      ).toThrow(scale);
  });

  it("has PyTorch's keys and shapes", () => {
    expect(halves.length).toBe(12);
    for (const [, course] of halves) {
      const params = startOf(course);
      const optimizer = made(params, course.options);
      const closure = closureOf(course, params, optimizer);
      for (let i = 0; i < 2; i++) optimizer.step(closure);
      const own = optimizer.stateDict();
      const theirs = dictOf(course.half as RecordedState);
      expect(own.param_groups).toEqual(theirs.param_groups);
      expect(Object.keys(own.state)).toEqual(['0']);
      const [a, b] = [own.state[0] ?? {}, theirs.state[0] ?? {}];
      expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
      for (const [key, value] of Object.entries(a)) {
        // How far a step went PyTorch has as a number or a tensor, as it comes.
        if (key === 't') expect(layout(value)).toBe('number');
        // How many corrections there are is a matter of rounding in float32.
        else if (course.dtype === 'float64') expect([key, layout(value)]).toEqual([key, layout(b[key])]);
      }
    }
  });

  it.each(halves)("goes on from PyTorch's in the middle: %s", (_, course) => {
    const [, second, ...rest] = course.steps;
    const params = startOf(course);
    let at = 0;
    const values = second === undefined ? [] : [...second.values.array];
    for (const p of params) {
      p.detach().copy_(tensor(values.slice(at, at + p.count), { dtype: p.dtype }).reshape([...p.shape]));
      at += p.count;
    }
    const optimizer = new optim.LBFGS(params);
    optimizer.loadStateDict(dictOf(course.half as RecordedState));
    const closure = closureOf(course, params, optimizer);
    for (const step of rest) expectStep(optimizer, params, step, optimizer.step(closure));
  });

  it('goes by way of JSON, and at any step changes nothing', () => {
    for (let stop = 0; stop < 4; stop++) {
      const [a, b] = [0, 1].map(() => [tensor([-1.5, 2], { dtype: 'float64', requiresGrad: true })]) as [
        Tensor[],
        Tensor[],
      ];
      const course = (params: Tensor[]): [optim.LBFGS, () => Tensor] => {
        const optimizer = new optim.LBFGS(params, {
          lineSearchFn: 'strong_wolfe',
          maxIter: 3,
          historySize: 2,
        });
        return [optimizer, closureOf({ objective: 'rosenbrock', options: {} } as Course, params, optimizer)];
      };
      const [first, closure] = course(a);
      for (let i = 0; i < stop; i++) first.step(closure);
      const text = JSON.stringify(first.stateDict());
      b[0]?.detach().copy_(a[0]?.detach() as Tensor);
      const [second, other] = course(b);
      second.step(other);
      b[0]?.detach().copy_(a[0]?.detach() as Tensor);
      second.loadStateDict(JSON.parse(text));
      for (let i = 0; i < 2; i++) expect(bitsOf(second.step(other))).toEqual(bitsOf(first.step(closure)));
      expect(bitsOf(b[0] as Tensor)).toEqual(bitsOf(a[0] as Tensor));
    }
  });

  it('leaves the tensors of a state dict as they were when steps go on', () => {
    for (const lineSearchFn of [null, 'strong_wolfe'] as const) {
      const params = [tensor([-1.5, 2], { dtype: 'float64', requiresGrad: true })];
      const optimizer = new optim.LBFGS(params, { lineSearchFn, lr: 0.01, maxIter: 3, historySize: 2 });
      const closure = closureOf({ objective: 'rosenbrock', options: {} } as Course, params, optimizer);
      for (let i = 0; i < 3; i++) {
        optimizer.step(closure);
        const { d, prev_flat_grad, old_dirs, old_stps } = js(optimizer.stateDict()).state[0];
        const held: Tensor[] = [d, prev_flat_grad, ...old_dirs, ...old_stps];
        const before = held.map(bitsOf);
        optimizer.step(closure);
        expect(held.map(bitsOf)).toEqual(before);
      }
    }
  });

  it('refuses what is none, and changes nothing', () => {
    const params = [
      tensor([-1.5, 2], { dtype: 'float64', requiresGrad: true }),
      tensor(1, { requiresGrad: true }),
    ];
    const optimizer = new optim.LBFGS([params[0] as Tensor], { maxIter: 3 });
    optimizer.step(
      closureOf({ objective: 'rosenbrock', options: {} } as Course, params.slice(0, 1), optimizer),
    );
    const dict = js(optimizer.stateDict());
    const state = (entry: unknown): unknown => ({ ...dict, state: { 0: entry } });
    const own = dict.state[0];
    const before = JSON.stringify(dict);
    const refused: [dict: unknown, message: RegExp][] = [
      [
        state({ ...own, d: zeros([3], { dtype: 'float64' }) }),
        /the state of parameter 0: d has shape \[3\], expected \[2\]/,
      ],
      [state({ ...own, old_dirs: zeros([2]) }), /old_dirs: expected a list of tensors/],
      [state({ ...own, ro: [] }), /old_dirs, old_stps and ro have \d, \d, 0 entries/],
      [state({ ...own, n_iter: -1 }), /n_iter: expected/],
      [state({ ...own, t: 'far' }), /t: expected a number/],
      [state({ n_iter: 1, d: own.d }), /has no func_evals, t, old_dirs/],
      [state({ step: 1 }), /has step, which LBFGS has not, but func_evals/],
      [{ ...dict, state: { 1: own } }, /state for parameter 1, which no group names/],
    ];
    for (const [bad, message] of refused) expect(() => optimizer.loadStateDict(js(bad))).toThrow(message);
    expect(JSON.stringify(optimizer.stateDict())).toBe(before);
  });
});

describe('LBFGS refuses', () => {
  const w = (): Tensor => tensor([1.5], { requiresGrad: true });
  const loss = (p: Tensor) => (): Tensor => {
    const value = p.square().sum();
    value.backward();
    return value;
  };
  const cases: [what: string, call: () => unknown, message: RegExp][] = [
    [
      'several groups',
      () => new optim.LBFGS([{ params: w() }, { params: w() }]),
      /^LBFGS: LBFGS doesn't support per-parameter options/,
    ],
    [
      'a group added later',
      () => js(new optim.LBFGS([w()])).addParamGroup({ params: [w()] }),
      /^LBFGS.addParamGroup: LBFGS doesn't support per-parameter options/,
    ],
    [
      'a step without a closure',
      () => new optim.LBFGS([w()]).step(),
      /^LBFGS.step: expected a closure, got none/,
    ],
    [
      'what is no function',
      () => new optim.LBFGS([w()]).step(js(w())),
      /^LBFGS.step: closure: expected a function/,
    ],
    [
      'a loss that is a number',
      () => new optim.LBFGS([w()]).step(js(() => 5)),
      /^LBFGS.step: loss: expected the closure to return the loss, a tensor of one element, got 5/,
    ],
    ['no loss', () => new optim.LBFGS([w()]).step(js(() => {})), /^LBFGS.step: loss: .*got undefined/],
    [
      'a loss of two elements',
      () => new optim.LBFGS([w()]).step(() => zeros([2])),
      /^LBFGS.step: loss: expected/,
    ],
    [
      'an asynchronous closure',
      () => new optim.LBFGS([w()]).step(js(async () => zeros([]))),
      /^LBFGS.step: the closure returned a Promise/,
    ],
    [
      'another line search',
      () => new optim.LBFGS([w()], js({ lineSearchFn: 'armijo' })),
      /^LBFGS: lineSearchFn: expected/,
    ],
    [
      'a history of nothing',
      () => new optim.LBFGS([w()], { historySize: 0 }),
      /^LBFGS: historySize: expected/,
    ],
    ['half an iteration', () => new optim.LBFGS([w()], { maxIter: 0.5 }), /^LBFGS: maxIter: expected/],
    [
      'an option that was spoilt since',
      () => {
        const p = w();
        const optimizer = new optim.LBFGS([p]);
        js(optimizer.paramGroups[0]).lr = Number.NaN;
        optimizer.step(loss(p));
      },
      /^LBFGS.step: lr: expected a finite number, or a .*Tensor.*, got NaN/,
    ],
  ];
  it.each(cases)('%s', (_, call, message) => {
    expect(call).toThrow(KindlingError);
    expect(call).toThrow(message);
  });
});

describe('LBFGS', () => {
  const square =
    (p: Tensor, optimizer: optim.LBFGS, from: () => Tensor = () => p.square().sum()) =>
    (): Tensor => {
      optimizer.zeroGrad();
      const value = from();
      value.backward();
      return value;
    };

  it('leaves the parameters where they were when the closure fails on the line', () => {
    const p = tensor([3, -4], { dtype: 'float64', requiresGrad: true });
    const optimizer = new optim.LBFGS([p], { lineSearchFn: 'strong_wolfe' });
    let calls = 0;
    const failing = square(p, optimizer, () => {
      if (++calls === 2) throw new Error('out of luck');
      return p.square().sum();
    });
    expect(() => optimizer.step(failing)).toThrow('out of luck');
    expect(p.toArray()).toEqual([3, -4]);
    optimizer.step(failing);
    expect(p.abs().max().item()).toBeLessThan(1e-6);
  });

  it('writes NaN into the parameters where the gradient has it, as PyTorch does', () => {
    const p = tensor([3, -4], { dtype: 'float64', requiresGrad: true });
    const optimizer = new optim.LBFGS([p], { maxIter: 2 });
    optimizer.step(square(p, optimizer, () => p.mul(Number.NaN).sum()));
    expect(p.toArray()).toEqual([Number.NaN, Number.NaN]);
  });

  it('takes parameters without a gradient for ones that stay', () => {
    const [p, q] = [tensor([3, -4], { requiresGrad: true }), tensor([5], { requiresGrad: true })];
    const optimizer = new optim.LBFGS([q, p]);
    for (let i = 0; i < 3; i++) optimizer.step(square(p, optimizer));
    expect(q.toArray()).toEqual([5]);
    expect(Math.abs(Number(p.sum().item()))).toBeLessThan(1e-5);
  });

  it('calls hooks around a step, and counts it', () => {
    const p = tensor([3], { requiresGrad: true });
    const optimizer = new optim.LBFGS([p]);
    const hook = vi.fn();
    optimizer.registerStepPreHook(hook);
    optimizer.registerStepPostHook(hook);
    optimizer.step(square(p, optimizer));
    expect([hook.mock.calls.length, optimizer.stepCount]).toEqual([2, 1]);
  });
});
