import { Generator, rand, randint, randn, type Shape, Tensor, tensor } from '@kindling/core';

/** Draws the numbers of a problem, in float64, from one seed: continuous, so that they hit no kink. */
export class Dice {
  private readonly generator = new Generator();

  constructor(seed: number) {
    this.generator.manualSeed(seed);
  }

  normal(shape: Shape): Tensor {
    return randn(shape, { dtype: 'float64', generator: this.generator });
  }

  uniform(shape: Shape, low = 0, high = 1): Tensor {
    return rand(shape, { dtype: 'float64', generator: this.generator })
      .mul(high - low)
      .add(low);
  }

  /** Integers from 0 to `classes` - 1. */
  classes(shape: Shape, classes: number): Tensor {
    return randint(0, classes, shape, { dtype: 'int32', generator: this.generator });
  }

  /** 1 or -1. */
  signs(shape: Shape): Tensor {
    return this.classes(shape, 2).to('float64').mul(2).sub(1);
  }

  integer(low: number, high: number): number {
    return low + this.classes([], high - low + 1).item();
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)]!;
  }

  /** The value half of the time, else nothing: for options. */
  maybe<K extends string>(name: K, value: () => unknown): { [P in K]?: unknown } {
    return this.integer(0, 1) === 0 ? {} : ({ [name]: value() } as { [P in K]?: unknown });
  }
}

/** A leaf with the numbers of x. */
export const leaf = (x: Tensor): Tensor => x.detach().clone().requiresGrad_();

/** The samples of `x` named by `indices`, along `axis`. */
export const take = (x: Tensor, axis: number, indices: readonly number[]): Tensor =>
  x.indexSelect(axis, tensor(Int32Array.from(indices)));

export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;
