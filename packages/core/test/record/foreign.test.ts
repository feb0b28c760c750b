/** Operations of a user's that give back what the engine cannot use: errors that say of which operation. */
import { describe, expect, it } from 'vitest';
import {
  apply,
  applyMulti,
  applyUnary,
  applyView,
  autograd,
  defineMulti,
  definePrimitive,
  defineView,
  ElementwiseOp,
  elementsOf,
  KindlingError,
  ones,
  type PrimitiveSpec,
  type Tensor,
} from '../../src/index.ts';

type Spec = PrimitiveSpec<undefined, [Tensor]>;
const whole: Spec = {
  name: 'mine',
  saves: 0,
  infer: ([{ shape, dtype }]) => ({ shape, dtype }),
  kernel: ([x], _, out) => out.storage.array.set(elementsOf(x)),
  derivative: (g) => [g],
};
const run = (change: Record<string, unknown>) => () =>
  apply(definePrimitive({ ...whole, ...change } as Spec), [ones(2, { requiresGrad: true })], undefined);
const backward = (change: Record<string, unknown>) => () => run(change)().sum().backward();

describe("a user's operation", () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a number', 1],
    ['a shape that is no list', { shape: 2, dtype: 'float32' }],
    ['a negative size', { shape: [-1], dtype: 'float32' }],
    ['a fraction', { shape: [1.5], dtype: 'float32' }],
    ['NaN', { shape: [Number.NaN], dtype: 'float32' }],
    ['no dtype', { shape: [2] }],
    ['an unknown dtype', { shape: [2], dtype: 'float16' }],
    ['a promise', Promise.resolve({ shape: [2], dtype: 'float32' })],
  ])('whose infer gives %s is named', (_, meta) => {
    expect(run({ infer: () => meta })).toThrow(/^mine: its infer must return \{ shape, dtype \}/);
  });

  it('whose infer or kernel fails is named, with what it threw as the cause', () => {
    const boom = new TypeError('no such thing');
    for (const part of ['infer', 'kernel']) {
      const fail = (): never => {
        throw boom;
      };
      expect(run({ [part]: fail })).toThrow(
        `mine: its ${part} failed on (float32 [2]): TypeError: no such thing`,
      );
      expect(run({ [part]: fail })).toThrow(KindlingError);
      expect(run({ [part]: fail })).toThrow(expect.objectContaining({ cause: boom }));
    }
    expect(() => apply(definePrimitive(whole), [] as never, undefined)).toThrow(
      /^mine: its infer failed on \(\)/,
    );
  });

  it('keeps the errors that it throws on purpose', () => {
    class Own extends Error {}
    const refuse = (): never => {
      throw new Own('not this');
    };
    expect(run({ infer: refuse })).toThrow(Own);
    expect(run({ kernel: refuse })).toThrow(Own);
  });

  it('whose kernel returns its result instead of writing it is refused', () => {
    expect(run({ kernel: ([x]: [Tensor]) => x })).toThrow('mine: its kernel returned a Tensor');
    expect(run({ kernel: async () => {} })).toThrow('mine: its kernel returned a Promise');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a tensor without a list', ones(2)],
    ['too many', [ones(2), ones(2)]],
    ['a number', [1]],
  ])('whose derivative gives %s is named', (_, gradients) => {
    expect(backward({ derivative: () => gradients })).toThrow(
      /^mine: its derivative must return an array with a Tensor or null for each input, of which there are 1/,
    );
  });

  it('without a derivative gives results outside of the graph, and has none to run', () => {
    const closed = definePrimitive({ ...whole, derivative: undefined } as never);
    const y = apply(closed, [ones(2, { requiresGrad: true })] as never, undefined);
    expect(y.requiresGrad).toBe(false);
    expect(() => closed.backward([y], null as never)).toThrow("the derivative for 'mine' is not implemented");
  });

  it('may give no gradient', () => {
    expect(backward({ derivative: () => [null] })).not.toThrow();
  });

  it('of several results says what infer must give', () => {
    const pair = (infer: unknown) => () =>
      applyMulti(defineMulti({ name: 'pair', infer, kernel: () => {} } as never), [ones(2)], undefined);
    expect(pair(() => ({ shape: [2], dtype: 'float32' }))).toThrow(/^pair: its infer must return an array/);
    expect(pair(() => [{ shape: [2], dtype: 'float32' }, null])).toThrow(/^pair: its infer must return \{/);
  });

  it('that no function defined is held against the same, once it fails', () => {
    const first = { shape: [2], dtype: 'float32' };
    const plain = (meta: unknown) =>
      ({ name: 'plain', infer: () => meta, kernel: () => [].at(0)!['none'] }) as never;
    for (const [meta, message] of [
      [[first, { shape: [-1], dtype: 'float32' }], /^plain: its infer must return \{ shape, dtype \}, sizes/],
      [[first, null], /^plain: its infer must return \{ shape, dtype \}, sizes/],
      [[first], /^plain: its kernel failed on \(float32 \[2\]\): TypeError/],
    ] as const)
      expect(() => applyMulti(plain(meta), [ones(2)], undefined)).toThrow(message);
    expect(() => apply(plain({ shape: 2 }), [ones(2)], undefined)).toThrow(/^plain: its infer must return/);
  });

  it('that is a view stays within the memory of its input', () => {
    const at = (place: unknown) => () =>
      applyView(defineView({ name: 'window', alias: () => place } as never), ones(4), undefined);
    expect(at({ shape: [2], strides: [2], offset: 1 })).not.toThrow();
    expect(at({ shape: [3], strides: [2], offset: 1 })).toThrow(/^window: its alias leaves the memory/);
    expect(at({ shape: [2], strides: [-1], offset: 0 })).toThrow(/^window: its alias leaves the memory/);
    for (const place of [
      undefined,
      {},
      { shape: [2], strides: [], offset: 0 },
      { shape: [2], strides: [1], offset: 0.5 },
    ])
      expect(at(place)).toThrow(/^window: its alias must return \{ shape, strides, offset \}/);
  });

  it('cannot be defined of classes without new, nor without a name', () => {
    expect(run({ kernel: class {} })).toThrow(/^mine: its kernel failed.*Class constructor/);
    expect(run({ name: Symbol('mine') })).toThrow(/^definePrimitive: spec: expected an object with name/);
  });
});

describe('functions that give no tensor', () => {
  const x = () => ones(2, { dtype: 'float64', requiresGrad: true });
  const nothing = (() => 1) as never;
  const { jacobian, hessian, vjp, jvp, vhp, hvp } = autograd.functional;
  it.each(Object.entries({ jacobian, hessian, vjp, jvp, vhp, hvp }))('are refused by %s', (name, f) => {
    expect(() =>
      (f as typeof vjp)(nothing, x(), name === 'jacobian' || name === 'hessian' ? ({} as never) : x()),
    ).toThrow(
      `${name}: The outputs of the user-provided function given to ${name} must be either a Tensor or an array of Tensors`,
    );
  });

  it('are refused by gradcheck and gradgradcheck', () => {
    expect(() => autograd.gradcheck(nothing, [x()])).toThrow(/^gradcheck: The outputs of the user-provided/);
    expect(() => autograd.gradgradcheck(nothing, [x()])).toThrow(
      /^gradgradcheck: The outputs of the user-provided/,
    );
  });
});

describe("an elementwise operation of a user's", () => {
  const op = (change: Record<string, unknown>) => () =>
    applyUnary(
      new ElementwiseOp({ name: 'mine', arity: 1, expression: (x: unknown) => x, ...change } as never),
      ones(2, { requiresGrad: true }),
    );

  it('says that its expression must be built with E', () => {
    for (const value of [undefined, 5, null, {}, ones(2)])
      expect(op({ expression: () => value })).toThrow(
        /^mine: its expression must return one built with E, got/,
      );
    expect(op({ expression: (x: { foo: { bar: number } }) => x.foo.bar })).toThrow(
      /^mine: its expression failed: TypeError/,
    );
  });

  it('says that its gradient must be a list', () => {
    for (const value of [undefined, 5, ['a']])
      expect(op({ gradient: () => value })).toThrow(/^mine: its gradient must return an array/);
  });
});

it('a custom function is made of functions, no classes', () => {
  expect(() => autograd.defineFunction({ forward: class {}, backward: () => null } as never)).toThrow(
    /^defineFunction: definition: expected an object with the functions forward and backward/,
  );
});
