import {
  empty,
  isFloatingPoint,
  ShapeError,
  type Tensor,
  ValueError,
  withoutUndefined,
} from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { refuseExcessInput } from '../../module/excess-input.ts';
import { setProperty } from '../../module/members.ts';
import type { Module } from '../../module/module.ts';
import { Parameter } from '../../module/parameter.ts';
import { NormBase } from '../normalization/norm-base.ts';

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

type AnyLayer = Module<[Tensor, ...unknown[]], Tensor>;

/**
 * The arguments of a lazy layer, the options last, with what it has become since: its numbers are drawn in the dtype
 * that it has now.
 */
function settled(layer: AnyLayer, given: readonly unknown[]): readonly unknown[] {
  const last = given.at(-1);
  const hasOptions = typeof last === 'object' && !Array.isArray(last);
  const { dtype } = [...layer.parameters(), ...layer.buffers()].find((x) => isFloatingPoint(x.dtype)) ?? {};
  const { affine, trackRunningStats } = layer instanceof NormBase ? layer : {};
  const options = { ...(hasOptions ? last : {}), dtype, affine, trackRunningStats };
  return [...(hasOptions || last === undefined ? given.slice(0, -1) : given), withoutUndefined(options)];
}

/**
 * The class of layers of which the number of features, the first argument of their class, follows from the first input:
 * the layer then becomes one of that class.
 */
export function lazyClass<M extends object, A extends unknown[]>(
  of: new (features: number, ...rest: A) => M,
  featuresOf: (x: Tensor) => number | undefined,
): new (
  ...rest: A
) => M {
  const Base = of as unknown as new (...args: unknown[]) => AnyLayer;
  const given = new WeakMap<AnyLayer, A>();
  class Lazy extends Base {
    /** In PyTorch lazy instance normalisations, other than their class, learn and keep statistics. */
    protected static readonly isFull = true;

    constructor(...rest: A) {
      super(0, ...rest);
      given.set(this, rest);
      for (const [name, value] of Object.entries(this))
        if (value instanceof Parameter) setProperty(this, name, new UninitializedParameter(value));
    }

    /** There is nothing to draw yet. */
    resetParameters(): void {}

    override forward(x: Tensor, ...others: unknown[]): Tensor {
      checkInput(this, x);
      const features = featuresOf(x);
      if (features === undefined || features < 1) {
        throw new ShapeError(
          `${this.constructor.name}: the first input says how many features there are, got shape [${x.shape.join(', ')}]`,
        );
      }
      const { training } = this;
      const made = new Base(features, ...settled(this, given.get(this) ?? []));
      for (const [name, value] of Object.entries(made)) setProperty(this, name, value);
      this.training = training;
      Object.setPrototypeOf(this, of.prototype as object);
      refuseExcessInput(this, [x, ...others]);
      return this.forward(x, ...others);
    }
  }
  return Lazy as unknown as new (
    ...rest: A
  ) => M;
}
