/** What a compiled function is given besides tensors in arrays and plain objects: it is looked into where it holds tensors. */
import { compile, equal, full, noGrad, ones, type Tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';

class Batch {
  x: Tensor;
  scale: number;
  constructor(x: Tensor, scale = 2) {
    this.x = x;
    this.scale = scale;
  }
}

/** A part that knows what it belongs to. */
class Linked extends Batch {
  readonly children: readonly unknown[];
  constructor(x: Tensor) {
    super(x);
    this.children = [this];
  }
}

class Other extends Batch {}

const map = new Map<string, Tensor>();
const linked = new Linked(ones(2));

describe('tensors are arguments wherever they stand', () => {
  it.each<[string, (x: Tensor) => unknown, (given: never) => Tensor]>([
    ['in a Map', (x) => new Map([['x', x]]), (given: Map<string, Tensor>) => given.get('x') as Tensor],
    ['in one Map', (x) => map.set('x', x), (given: Map<string, Tensor>) => given.get('x') as Tensor],
    [
      'as keys of a Map',
      (x) => new Map([[x, 1]]),
      (given: Map<Tensor, number>) => [...given.keys()][0] as Tensor,
    ],
    ['in a Set', (x) => new Set([x]), (given: Set<Tensor>) => [...given][0] as Tensor],
    ['in an object of a class', (x) => new Batch(x), (given: Batch) => given.x],
    ['in one that knows itself', (x) => Object.assign(linked, { x }), (given: Linked) => given.x],
    [
      'in a Map of such objects',
      (x) => new Map([['b', new Batch(x)]]),
      (given: Map<string, Batch>) => given.get('b')?.x as Tensor,
    ],
    [
      'in a list of such objects',
      (x) => [{ b: new Batch(x) }],
      (given: { b: Batch }[]) => given[0]?.b.x as Tensor,
    ],
  ])('%s', (_, give, take) => {
    const compiled = compile((given: unknown) => take(given as never).mul(3));
    for (let i = 0; i < 12; i++) expect(compiled(give(full([2], i))).toArray()).toEqual([3 * i, 3 * i]);
    expect(compiled.programs.length).toBe(1);
  });
});

describe('another form is another program', () => {
  it.each<[string, (i: number) => unknown, number]>([
    ['a number in an object that holds a tensor', (i) => new Batch(ones(2), i % 2), 2],
    [
      'a number in a Map',
      (i) =>
        new Map<string, unknown>([
          ['x', ones(2)],
          ['n', i % 2],
        ]),
      2,
    ],
    [
      'the order of a Map',
      (i) =>
        new Map(
          [
            ['x', ones(2)],
            ['y', ones(2)],
          ].toSorted(() => (i % 2) - 0.5) as never,
        ),
      2,
    ],
    ['a Set for a Map', (i) => (i % 2 === 0 ? new Set([ones(2)]) : new Map([['x', ones(2)]])), 2],
    ['another class', (i) => (i % 2 === 0 ? new Batch(ones(2)) : new Other(ones(2))), 2],
  ])('%s', (_, give, programs) => {
    const compiled = compile((_given: unknown, x: Tensor) => x.mul(2));
    for (let i = 0; i < 6; i++) compiled(give(i), ones(2));
    expect(compiled.programs.length).toBe(programs);
  });
});

it('a parameter in an object of a class learns as it does without a program', () => {
  const [agent, plain] = [{ w: ones(3, { requiresGrad: true }) }, { w: ones(3, { requiresGrad: true }) }].map(
    (own) =>
      Object.assign(
        new (class Agent {
          w = own.w;
        })(),
        own,
      ),
  ) as [{ w: Tensor }, { w: Tensor }];
  const step = ({ w }: { w: Tensor }, x: Tensor): Tensor => {
    w.grad = null;
    const loss = w.mul(x).square().sum();
    loss.backward();
    noGrad(() => w.sub_(w.grad as Tensor, { alpha: 0.1 }));
    return loss.detach();
  };
  const compiled = compile(step);
  for (let i = 0; i < 9; i++) {
    const x = full([3], 0.5 + i / 16);
    expect(compiled(agent, x).item()).toBe(step(plain, x).item());
    expect(equal(agent.w, plain.w)).toBe(true);
  }
});

it('refuses a function that puts something into a Map that it is given', () => {
  const compiled = compile((given: Map<string, Tensor>) => {
    given.set('y', ones(1));
    return given.get('x') as Tensor;
  });
  const call = () => compiled(new Map([['x', ones(2)]]));
  call();
  expect(call).toThrow(/the function changes what it is given/);
});
