/** Registering parametrizations: what is kept, what is refused, and that what is refused leaves the module as it was. */
import { full, ShapeError, type Tensor, ValueError } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

const { registerParametrization, isParametrized } = nn.utils.parametrize;

class Times extends nn.Module<[Tensor], Tensor> {
  readonly factor: number;
  constructor(factor: number) {
    super();
    this.factor = factor;
  }
  override forward(x: Tensor): Tensor {
    return x.mul(this.factor);
  }
  rightInverse(x: Tensor): Tensor {
    return x.div(this.factor);
  }
}
class Changing extends nn.Module<[Tensor], Tensor> {
  readonly made: (x: Tensor) => Tensor;
  readonly inverse: (x: Tensor) => Tensor | Tensor[];
  constructor(made: (x: Tensor) => Tensor, inverse: (x: Tensor) => Tensor | Tensor[] = (x) => x) {
    super();
    this.made = made;
    this.inverse = inverse;
  }
  override forward(x: Tensor): Tensor {
    return this.made(x);
  }
  rightInverse(x: Tensor): Tensor {
    return this.inverse(x) as Tensor;
  }
}
function layer(): nn.Linear {
  const made = new nn.Linear(1, 2, { bias: false });
  nn.init.constant_(made.weight, 6);
  return made;
}
const weightOf = (module: nn.Linear): unknown => module.weight.flatten().tolist();
const kept = (module: nn.Linear): unknown => module.parameters().map((p) => p.flatten().tolist());

describe('registerParametrization', () => {
  it('keeps of the first one what gives the tensor as it is; what follows changes it, as in PyTorch', () => {
    const module = layer();
    registerParametrization(module, 'weight', new Times(2));
    expect([weightOf(module), kept(module)]).toEqual([[6, 6], [[3, 3]]]);
    registerParametrization(module, 'weight', new Times(5));
    expect([weightOf(module), kept(module)]).toEqual([[30, 30], [[3, 3]]]);
    (module as { weight: Tensor }).weight = full([2, 1], 40);
    expect([weightOf(module), kept(module)]).toEqual([[40, 40], [[4, 4]]]);
  });

  it('takes over the mode of the module', () => {
    const module = layer().eval();
    const [first, second] = [new Times(2), new Times(3)];
    registerParametrization(module, 'weight', first);
    registerParametrization(module, 'weight', second);
    expect([first.training, second.training]).toEqual([false, false]);
  });

  const fails = (): never => {
    throw new Error('own');
  };
  const refused: Readonly<Record<string, [() => nn.Module, new (...args: never[]) => Error]>> = {
    'another shape': [() => new Changing((x) => x.narrow(0, 0, 1)), ShapeError],
    'another dtype': [() => new Changing((x) => x.double()), ShapeError],
    'no tensor': [() => new Changing(() => 1 as never), ShapeError],
    'one that throws': [() => new Changing(fails), Error],
    'an inverse that throws': [() => new Changing((x) => x.mul(1), fails), Error],
  };
  describe.each([0, 1])('behind %s others', (others) => {
    function parametrized(): nn.Linear {
      const module = layer();
      for (let i = 0; i < others; i++) registerParametrization(module, 'weight', new Times(2));
      return module;
    }

    it.each(Object.entries(refused))('refuses %s, and leaves the module as it was', (_, [make, error]) => {
      const module = parametrized();
      const before = [weightOf(module), kept(module), Object.keys(module.stateDict()), String(module)];
      expect(() => registerParametrization(module, 'weight', make() as never)).toThrow(error);
      expect(isParametrized(module)).toBe(others > 0);
      expect([weightOf(module), kept(module), Object.keys(module.stateDict()), String(module)]).toEqual(
        before,
      );
    });

    it('takes another shape where that is said', () => {
      const module = parametrized();
      registerParametrization(module, 'weight', new Changing((x) => x.narrow(0, 0, 1)), { unsafe: true });
      expect(module.weight.shape).toEqual([1, 1]);
    });
  });

  it('refuses inverses of another shape, or several, behind another', () => {
    const module = layer();
    registerParametrization(module, 'weight', new Times(2));
    const same = (x: Tensor): Tensor => x.mul(1);
    const shorter = new Changing(same, (x) => x.narrow(0, 0, 1));
    expect(() => registerParametrization(module, 'weight', shorter)).toThrow(
      /rightInverse of the param.* gives \[1, 1\]/,
    );
    const several = new Changing(same, (x) => [x, x]);
    expect(() => registerParametrization(module, 'weight', several)).toThrow(ValueError);
    expect([weightOf(module), kept(module)]).toEqual([[6, 6], [[3, 3]]]);
  });
});

describe('weightNorm', () => {
  it('counts dimensions from the end, but -1, which stands for the whole', () => {
    const lengths = (dim: number): readonly number[] => {
      const layer = nn.utils.parametrizations.weightNorm(new nn.Conv1d(3, 4, 2), { dim });
      return layer.stateDict()['parametrizations.weight.original0']?.shape ?? [];
    };
    expect([-1, -2, -3, 2].map(lengths)).toEqual([[], [1, 3, 1], [4, 1, 1], [1, 1, 2]]);
    for (const dim of [3, -4]) {
      const layer = new nn.Conv1d(3, 4, 2);
      expect(() => nn.utils.parametrizations.weightNorm(layer, { dim })).toThrow('range of [-3, 2] but got');
      expect(nn.utils.parametrize.isParametrized(layer)).toBe(false);
    }
  });
});

it('parametrizations of one kind share a line of the printed form', () => {
  const layer = new nn.Linear(2, 2);
  for (let i = 0; i < 2; i++) nn.utils.parametrizations.spectralNorm(layer);
  expect(String(layer)).toContain('(weight): ParametrizationList(\n      (0-1): 2 x _SpectralNorm()\n    )');
});
