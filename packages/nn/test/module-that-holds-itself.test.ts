import { compile, KindlingError, ones, type Tensor } from '@kindling/core';
import { describe, expect, test } from 'vitest';
import * as nn from '../src/index.ts';

class Child extends nn.Module<[Tensor], Tensor> {
  layer = new nn.Linear(1, 1);
  parent: Parent | null = null;
  override forward(x: Tensor): Tensor {
    return this.layer(x);
  }
}

class Parent extends nn.Module<[Tensor], Tensor> {
  child = new Child();
  override forward(x: Tensor): Tensor {
    return this.child(x);
  }
}

function circle(): Parent {
  const parent = new Parent();
  parent.child.parent = parent;
  return parent;
}

describe('a module that holds itself', () => {
  test.each<[string, (model: Parent) => unknown]>([
    ['stateDict', (model) => model.stateDict()],
    ['stateDict', (model) => JSON.stringify(model)],
    ['loadStateDict', (model) => model.loadStateDict({})],
    ['train', (model) => model.eval()],
    ['apply', (model) => model.apply(() => {})],
    ['toString', (model) => String(model)],
    ['toString', (model) => String(new nn.Sequential(new nn.Identity(), model))],
  ])('is named by %s, whose way down never ends', (name, act) => {
    expect(() => act(circle())).toThrow(KindlingError);
    expect(() => act(circle())).toThrow(
      new RegExp(
        `${name}: (Parent holds itself, as Parent.child.parent|Child holds itself, as Child.parent.child)`,
      ),
    );
  });

  test('computes, and has each parameter once, as in PyTorch', () => {
    const model = circle();
    expect(model(ones([2, 1])).shape).toEqual([2, 1]);
    expect(model.namedParameters().map(([name]) => name)).toEqual(['child.layer.weight', 'child.layer.bias']);
    expect(nn.deepcopy(model).child.parent?.child.layer).not.toBe(model.child.layer);
  });

  test('an overflow that is not its own is left as it is', () => {
    const endless = (): never => endless();
    expect(() => new Parent().apply(endless)).toThrow(RangeError);
    const own = new RangeError('own');
    const refuse = (): never => {
      throw own;
    };
    expect(() => new Parent().apply(refuse)).toThrow(own);
    // Be it of a module that holds itself, by way of its parts: only an overflow is explained.
    class Refusing extends Parent {
      override toString = refuse;
    }
    expect(() => String(new nn.Sequential(new Refusing()))).toThrow(own);
  });
});

test('a private field holds who holds the module', () => {
  class Knowing extends nn.Module<[Tensor], Tensor> {
    #parent: nn.Sequential | null = null;
    known(parent: nn.Sequential): this {
      this.#parent = parent;
      return this;
    }
    override forward(x: Tensor): Tensor {
      return this.#parent === null ? x : x.mul(2);
    }
  }
  const inner = new Knowing();
  const model = new nn.Sequential(inner);
  inner.known(model);
  expect(
    model
      .eval()(ones([1]))
      .item(),
  ).toBe(2);
  expect(String(model)).toContain('Knowing()');
});

describe('modules that are held twice, at each of many levels', () => {
  class Twice extends nn.Module<[Tensor], Tensor> {
    one: nn.Module;
    other: nn.Module;
    constructor(next: nn.Module) {
      super();
      this.one = next;
      this.other = next;
    }
  }
  function tower(): nn.Module {
    let model: nn.Module = new nn.Linear(1, 1);
    for (let level = 0; level < 250; level++) model = new Twice(model);
    return model;
  }

  test('are gone through once', () => {
    const model = tower();
    expect(model.eval().training).toBe(false);
    expect(model.modules().every((module) => !module.training)).toBe(true);
    expect(model.modules().length).toBe(251);
  });

  test('are noticed once in a compiled function', () => {
    const model = tower();
    const step = compile((x: Tensor) => x.mul(model.parameters().length));
    for (let i = 0; i < 3; i++) expect(step(ones(1)).item()).toBe(2);
    (model.modules().at(-1) as nn.Linear).registerParameter('more', new nn.Parameter(ones(1)));
    expect(step(ones(1)).item()).toBe(3);
  });
});
