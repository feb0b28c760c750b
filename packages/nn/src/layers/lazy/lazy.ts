import { empty, type Shape, ShapeError, Tensor } from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { refuseExcessInput } from '../../module/excess-input.ts';
import { setProperty } from '../../module/members.ts';
import type { Module } from '../../module/module.ts';
import { Parameter, UninitializedParameter } from '../../module/parameter.ts';
import { stateNameOf } from '../../module/registry.ts';
import { type Fit, fitTo } from '../../module/state/index.ts';

type AnyLayer = Module<[Tensor, ...unknown[]], Tensor> & { resetParameters(): void };

/** How a class of layers follows from the number of features, its first argument. */
export interface Features<M> {
  /** The property that says how many there are. */
  readonly property: keyof M & string;
  /** How many an input has. */
  readonly ofInput: (x: Tensor) => number | undefined;
  /** How many a saved layer had, by the shapes of its tensors. */
  readonly ofState: (shapeOf: (name: string) => Shape | undefined, layer: M) => number | undefined;
  /** The shape of the parameter or buffer of a name, of a layer of so many. */
  readonly shapeOf: (name: string, features: number, layer: M) => Shape;
}

/**
 * The class of layers of which the number of features, the first argument of their class, follows from the first input,
 * or from the state that is loaded: the layer then becomes one of that class.
 */
export function lazyClass<M extends object, A extends unknown[]>(
  of: new (features: number, ...rest: A) => M,
  known: Features<M>,
): new (
  ...rest: A
) => M {
  const Base = of as unknown as new (...args: unknown[]) => AnyLayer;
  class Lazy extends Base {
    /** In PyTorch lazy instance normalisations, other than their class, learn and keep statistics. */
    protected static readonly isFull = true;

    constructor(...rest: A) {
      super(0, ...rest);
      for (const [name, value] of Object.entries(this))
        if (value instanceof Parameter) setProperty(this, name, this.unset(value));
    }

    /** There is nothing to draw yet. */
    override resetParameters(): void {}

    /** What stands for a parameter until its shape is known. */
    private unset({ dtype, requiresGrad }: Parameter): Parameter {
      return new UninitializedParameter(empty([0], { dtype }), { requiresGrad });
    }

    /** What has no shape yet, by its property: parameters, and the statistics of normalisations. */
    private pending(): [string, Tensor][] {
      return Object.entries(this).filter(
        (entry): entry is [string, Tensor] =>
          entry[1] instanceof UninitializedParameter ||
          (Tensor.is(entry[1]) &&
            !(entry[1] instanceof Parameter) &&
            entry[1].ndim === 1 &&
            entry[1].count === 0),
      );
    }

    /** This layer with so many features, whose numbers are not set. */
    private madeOf(features: number): Fit {
      const made = new Map<Tensor, Tensor>();
      const pending = this.pending();
      for (const [name, value] of pending) {
        const data = empty(known.shapeOf(name, features, this as unknown as M), { dtype: value.dtype });
        const { requiresGrad } = value;
        made.set(value, value instanceof Parameter ? new Parameter(data, { requiresGrad }) : data);
      }
      const install = (): void => {
        for (const [name, value] of pending) setProperty(this, name, made.get(value));
        setProperty(this, known.property, features);
        Object.setPrototypeOf(this, of.prototype as object);
      };
      return { tensors: made, install };
    }

    [fitTo](shapeOf: (name: string) => Shape | undefined): Fit | null {
      const features = known.ofState(shapeOf, this as unknown as M);
      if (features === undefined) return null;
      const isWhole = this.pending().every(([name]) => shapeOf(stateNameOf(this, name)) !== undefined);
      return isWhole ? this.madeOf(features) : null;
    }

    override forward(x: Tensor, ...others: unknown[]): Tensor {
      checkInput(this, x);
      const features = known.ofInput(x);
      if (features === undefined) {
        throw new ShapeError(
          `${this.constructor.name}: the first input says how many features there are, got shape [${x.shape.join(', ')}]`,
        );
      }
      const { tensors, install } = this.madeOf(features);
      install();
      if (tensors.size > 0) this.resetParameters();
      refuseExcessInput(this, [x, ...others]);
      return this.forward(x, ...others);
    }
  }
  return Lazy as unknown as new (
    ...rest: A
  ) => M;
}
