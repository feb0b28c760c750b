import * as core from '@kindling/core';
import * as distributions from '@kindling/distributions';
import * as metrics from '@kindling/metrics';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cyclic, deep } from './odd-arguments/odd-values.ts';

/** Every public function and class once, by the path under which it is exported. */
const exported = new Map<unknown, string>();
function collect(namespace: object, path: string): void {
  for (const [name, value] of Object.entries(namespace)) {
    if (typeof value === 'function' && !exported.has(value)) exported.set(value, `${path}${name}`);
    const inner = value as { [Symbol.toStringTag]?: string } | null;
    if (typeof value === 'object' && inner?.[Symbol.toStringTag] === 'Module')
      collect(value, `${path}${name}.`);
  }
}
collect(core, '');
collect(nn, 'nn.');
collect(optim, 'optim.');
collect(metrics, 'metrics.');
collect(distributions, 'distributions.');

/** What builds scalar expressions, kinds of arguments, names and errors: not called on what users bring. */
const languages =
  /^(E|K)\.|Error$|^(signature|checkArguments|refuseExcess|composition|alias|withoutUndefined|camelCase|snakeCase|INPUT)$/;
/** Parts of the library that others are built of, whose constructors no user calls. */
const internals = new Set(['Tensor', 'Storage', 'autograd.Node', 'autograd.FunctionContext']);

const odd: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  'a string': 'zz',
  'an empty array': [],
  'an array of strings': ['a'],
  'a function': () => 1,
  'a BigInt': 10n,
  'a symbol': Symbol('s'),
  'an empty object': {},
  'an object': { zebra: 1 },
  'a tensor of another copy': { [Symbol.for('@kindling/core.Tensor')]: true },
  'a cyclic array': cyclic,
  'a deep array': deep,
  NaN: Number.NaN,
  'a fraction': 0.5,
};

const isClass = (f: unknown): boolean => /^class\b/.test(Function.prototype.toString.call(f));
type Callable = ((...args: unknown[]) => unknown) & (new (...args: unknown[]) => unknown);

/** The error of a call, if it has one; a promise's counts for nothing here. */
function errorOf(f: unknown, args: readonly unknown[]): unknown {
  try {
    const result = isClass(f) ? new (f as Callable)(...args) : (f as Callable)(...args);
    if (result instanceof Promise) result.catch(() => {});
    return null;
  } catch (error) {
    return error;
  }
}

/** Expects an error of Kindling's own that says this; gives all that it says. */
function expectRefusal(call: () => unknown, says: string | RegExp): string {
  const error = errorOf(call, []);
  expect(error).toBeInstanceOf(core.KindlingError);
  const { message } = error as Error;
  expect(message).toMatch(says);
  return message;
}

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  core.setDefaultDtype('float32');
  core.setPrintOptions({ profile: 'default' });
  core.autograd.setDetectAnomaly(false);
});

const functions = [...exported].filter(([, path]) => !languages.test(path) && !internals.has(path));

describe('odd arguments never end in an error of JavaScript', () => {
  it.each(functions.map(([f, path]) => [path, f] as const))('%s', (_, f) => {
    const x = core.tensor([
      [0.5, 0.25],
      [0.75, 0.5],
    ]);
    for (const [what, value] of Object.entries(odd)) {
      // Nothing at all is nothing odder the second time.
      const none = value === undefined ? [[]] : [];
      for (const args of [
        ...none,
        [value, value, value, value, value, value],
        [x, value, value],
        [x, x, value],
      ]) {
        const error = errorOf(f, args);
        if (error !== null)
          expect(error, `${args.length} arguments, ${what}`).toBeInstanceOf(core.KindlingError);
      }
    }
  });

  it('methods of a tensor', () => {
    const names = Object.getOwnPropertyNames(core.Tensor.prototype).filter((name) => {
      const own = Object.getOwnPropertyDescriptor(core.Tensor.prototype, name);
      return name !== 'constructor' && typeof own?.value === 'function';
    });
    expect(names.length).toBeGreaterThan(300);
    for (const name of names) {
      for (const [what, value] of Object.entries(odd)) {
        for (const args of [[], [value], [value, value, value]]) {
          const x = core.tensor([
            [0.5, 0.25],
            [0.75, 0.5],
          ]);
          const method = (x as unknown as Record<string, unknown>)[name] as Callable;
          const error = errorOf((...given: unknown[]) => method.apply(x, given), args);
          if (error !== null)
            expect(error, `${name}, ${args.length} arguments, ${what}`).toBeInstanceOf(core.KindlingError);
        }
      }
    }
  });
});

const secondNames: Record<string, string> = { setRequiresGrad: 'requiresGrad_', variance: 'var' };

describe('the error names the function that was called', () => {
  it.each(functions.map(([f, path]) => [path, f] as const))('%s', (path, f) => {
    const name = path.split('.').at(-1) as string;
    // A function can be exported under two names, of which the error gives one.
    const names = [name, secondNames[name]].filter((n) => n !== undefined);
    for (const value of [undefined, 5, Symbol('s'), deep]) {
      const error = errorOf(f, [value, value, value, value, value, value]);
      if (error instanceof core.KindlingError)
        expect(
          names.some((n) => error.message.includes(n)),
          error.message.slice(0, 200),
        ).toBe(true);
    }
  });
});

describe("what PyTorch's users write out of habit", () => {
  const x = core.tensor([
    [0.5, 0.25],
    [0.75, 0.5],
  ]);
  const weight = () => core.ones([1], { requiresGrad: true });
  const set = new core.data.TensorDataset(core.tensor([1, 2, 3]));
  const bad = (value: unknown): never => value as never;

  it.each<[string, () => unknown, string]>([
    ['new Dropout(0.2)', () => new nn.Dropout(bad(0.2)), 'write new Dropout({ p: 0.2 })'],
    ['Linear(2, 3, false)', () => new nn.Linear(2, 3, bad(false)), 'write new Linear(2, 3, { bias: false })'],
    ["MSELoss('sum')", () => new nn.MSELoss(bad('sum')), 'write new MSELoss({ reduction: "sum" })'],
    ['SGD(params, 0.1)', () => new optim.SGD([weight()], bad(0.1)), '{ lr: 0.1 }'],
    ['topk(x, 2, 0)', () => core.topk(x, 2, bad(0)), 'write topk(x, 2, { dim: 0 })'],
    ['zeros(2, 3)', () => core.zeros(bad(2), bad(3)), 'write zeros([2, 3])'],
    ['randn(2, 3)', () => core.randn(bad(2), bad(3)), 'write randn([2, 3])'],
    ['F.dropout(x, 0.9)', () => nn.F.dropout(x, bad(0.9)), 'write dropout(x, { p: 0.9 })'],
    ['init.normal_(w, 0, 0.01)', () => nn.init.normal_(x, bad(0)), 'write normal_(x, { mean: 0 })'],
    [
      'new DataLoader(set, 2)',
      () => new core.data.DataLoader(set, bad(2)),
      'write new DataLoader(dataset, { batchSize: 2 })',
    ],
    [
      'y.backward(g)',
      () =>
        weight()
          .mul(2)
          .backward(bad(core.ones([1]))),
      '{ gradient: ... }',
    ],
    ['{ keepDim }', () => core.sum(x, 0, bad({ keepDim: true })), 'did you mean keepdim?'],
    [
      '{ weight_decay }',
      () => new optim.Adam([weight()], bad({ weight_decay: 0.1 })),
      'did you mean weightDecay?',
    ],
    ['{ learningRate }', () => new optim.SGD([weight()], bad({ learningRate: 0.1 })), 'did you mean lr?'],
    ['{ biass }', () => new nn.Linear(2, 3, bad({ biass: false })), 'did you mean bias?'],
    [
      '{ batch_size }',
      () => new core.data.DataLoader(set, bad({ batch_size: 2 })),
      'did you mean batchSize?',
    ],
  ])('%s is an error that says what to write', (_, call, hint) => {
    expectRefusal(call, hint);
  });
});

describe('what is to be written is a call of what was called', () => {
  const x = core.ones([2, 2]);
  const bad = (value: unknown): never => value as never;

  it.each<[string, () => unknown]>([
    ['clip(x, { min: ', () => core.clip(x, bad(x))],
    ['subtract(x, y, { alpha: 7 })', () => core.subtract(x, x, bad(7))],
    ['moveaxis(x, 0, ', () => Reflect.apply(core.moveaxis, null, [x, 0, 1, 2])],
    ['special.expit(x)', () => Reflect.apply(core.special.expit, null, [x, 2])],
    ['unfold(x, 1, { dilation: 2 })', () => nn.F.unfold(core.ones([1, 1, 2, 2]), 1, bad(2))],
    ['narrowCopy(x, 0, 0, 1)', () => Reflect.apply(core.narrowCopy, null, [x, 0, 0, 1, 5])],
    ['inverse(a)', () => Reflect.apply(core.inverse, null, [x, 3])],
    ['module(input, hx)', () => Reflect.apply(new nn.LSTM(2, 2), null, [x, [x, x], 3])],
    ['ModuleDict.get("a")', () => Reflect.apply(new nn.ModuleDict().get, new nn.ModuleDict(), ['a', 3])],
  ])('write %s', (call, run) => {
    expect(expectRefusal(run, `write ${call}`)).not.toContain('write new');
  });
});

describe('one wrong argument among right ones, where it is looked at late', () => {
  const bad = (value: unknown): never => value as never;
  const scalar = core.tensor(0.5);
  const three = { get: (i: number) => i, length: 3 };
  const update = new core.FusedUpdate('halve', 1, 0, (w) => [core.E.mul(w, 0.5)]);
  const target = core.tensor([0, 1], { dtype: 'int32' });
  const bare = Object.create(null);
  const parametrized = () => new nn.utils.parametrize.ParametrizationList(new nn.Identity() as never);

  it.each<[string, () => unknown, RegExp]>([
    [
      'datasets',
      () => new core.data.ConcatDataset(bad(scalar)),
      /^ConcatDataset: .* got a Tensor of shape \[\]/,
    ],
    [
      'streams',
      () => new core.data.ChainDataset(bad(scalar)),
      /^ChainDataset: .* got a Tensor of shape \[\]/,
    ],
    [
      'a sampler',
      () => new core.data.DataLoader(three, { sampler: bad(scalar) }),
      /^DataLoader: .* a Tensor of shape \[\]/,
    ],
    [
      'a batch size',
      () => new core.data.DataLoader(three, { batchSize: bad(deep) }),
      /^DataLoader: batchSize .* got \[\[...\]\]/,
    ],
    [
      'a length',
      () => new core.data.StackDataset({ ...three, length: bad(bare) }),
      /^StackDataset: .* got an empty object/,
    ],
    [
      'a length',
      () => new core.data.StackDataset({ ...three, length: bad(deep) }),
      /^StackDataset: .* got \[\[...\]\]/,
    ],
    [
      'batches',
      () => nn.swaUtils.updateBn(bad(scalar), new nn.BatchNorm1d(1)),
      /^updateBn: .* got a Tensor of shape \[\]/,
    ],
    ['tensors', () => update.run(bad([undefined]), []), /^halve: tensors: expected an array of tensors/],
    [
      'lists of tensors',
      () => update.runAll(bad([[undefined]]), []),
      /^halve: tensors: expected an array of tensors/,
    ],
    ['a tensor', () => parametrized().assign(bad('x')), /^assign: x: expected a Tensor/],
    [
      'a factor',
      () => nn.F.interpolate(core.ones([1, 1, 2]), { scaleFactor: Number.POSITIVE_INFINITY }),
      /^interpolate: .*finite/,
    ],
    [
      'a factor',
      () => nn.F.interpolate(core.ones([1, 1, 2]), { scaleFactor: 2 ** 53 }),
      /^interpolate: a tensor has at most 2\^31/,
    ],
    ['a size', () => nn.summary(new nn.Linear(8, 2), [-9, 8]), /^summary: sizes must be non-negative/],
  ])('%s', (_, call, message) => {
    expectRefusal(call, message);
  });

  it('weights of classes may be left out', () => {
    const out = core.zeros([2, 3]);
    expect(core.weighClasses(target, bad(undefined), { classes: 3, scale: 2 }, out)).toBe(-1);
    expect(out.toArray()).toEqual([
      [0, 2, 2],
      [2, 0, 2],
    ]);
  });
});
