import { empty, ShapeError, type Tensor, ValueError } from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { setProperty } from '../../module/members.ts';
import type { Module } from '../../module/module.ts';
import { Parameter } from '../../module/parameter.ts';

/** The parameter of a layer that has not seen an input yet, from which its shape follows. */
class UninitializedParameter extends Parameter {
  constructor(like: Parameter) {
    super(empty([0], { dtype: like.dtype }), { requiresGrad: like.requiresGrad });
  }

  /** Optimizers ask for it first. */
  override get isLeaf(): boolean {
    throw new ValueError(
      'this is a parameter of a lazy module that has not seen an input yet: call the module once, then give its parameters to the optimizer',
    );
  }
}

type AnyLayer = Module<[Tensor], Tensor>;

/**
 * The class of layers of which the number of features, the first argument of their class, follows from the first input: the layer then
 * becomes one of that class.
 */
export function lazyClass<M extends AnyLayer, A extends unknown[]>(
  of: new (features: number, ...rest: A) => M,
  featuresOf: (x: Tensor) => number | undefined,
): new (
  ...rest: A
) => M {
  const Base = of as unknown as new (...args: unknown[]) => AnyLayer;
  const given = new WeakMap<AnyLayer, A>();
  class Lazy extends Base {
    constructor(...rest: A) {
      super(0, ...rest);
      given.set(this, rest);
      for (const [name, value] of Object.entries(this))
        if (value instanceof Parameter) setProperty(this, name, new UninitializedParameter(value));
    }

    /** There is nothing to draw yet. */
    resetParameters(): void {}

    override forward(x: Tensor): Tensor {
      checkInput(this, x);
      const features = featuresOf(x);
      if (features === undefined || features < 1) {
        throw new ShapeError(
          `${this.constructor.name}: the first input says how many features there are, got shape [${x.shape.join(', ')}]`,
        );
      }
      const { training } = this;
      const [parameter] = this.parameters();
      const made = new Base(features, ...(given.get(this) ?? []));
      if (parameter !== undefined) made.to(parameter.dtype);
      for (const [name, value] of Object.entries(made)) setProperty(this, name, value);
      this.training = training;
      Object.setPrototypeOf(this, of.prototype as object);
      return this.forward(x);
    }
  }
  return Lazy as unknown as new (
    ...rest: A
  ) => M;
}
