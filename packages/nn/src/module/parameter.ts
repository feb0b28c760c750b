import { checkArguments, DTypeError, isFloatingPoint, K, Tensor, ValueError } from '@kindling/core';

/** Options of {@link Parameter}. */
export interface ParameterOptions {
  /** Whether gradients are gathered in `.grad`. Default: true. */
  readonly requiresGrad?: boolean;
}

const parameters = {
  data: K.tensor,
  options: /* @__PURE__ */ K.options<ParameterOptions>({ requiresGrad: K.flag }),
};

/**
 * A tensor that a module learns: assigned to a property of a {@link Module}, it is found by `parameters()` and stored
 * in `stateDict()`. It shares the memory of `data`, is a leaf whatever `data` was computed from, and requires a
 * gradient unless told otherwise. Operations on it give plain tensors. Follows `torch.nn.Parameter`.
 * @throws DTypeError where a gradient is asked of integers or bools.
 * @example
 * ```ts
 * class Scale extends nn.Module<[Tensor], Tensor> {
 *   factor = new nn.Parameter(ones([1]));
 *   override forward(x: Tensor) {
 *     return x.mul(this.factor);
 *   }
 * }
 * ```
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, options: ParameterOptions = {}) {
    checkArguments('Parameter', parameters, arguments);
    const { requiresGrad = true } = options;
    if (requiresGrad && !isFloatingPoint(data.dtype)) {
      throw new DTypeError(
        `Parameter: Only Tensors of floating point dtype can require gradients, got ${data.dtype}; ` +
          'pass { requiresGrad: false }, or convert it with to()',
      );
    }
    super(data.storage, data.shape, data.dtype, data.offset, data.dense ? null : data.strides);
    this.leafRequiresGrad = requiresGrad;
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** @internal The parameter of a layer that has not seen an input yet, from which its shape follows. */
export class UninitializedParameter extends Parameter {
  /** Optimizers and parametrizations ask for it first. */
  override get isLeaf(): boolean {
    throw new ValueError(
      'this is a parameter of a lazy module that has not seen an input yet: call the module once, then give its parameters to the optimizer',
    );
  }
}

/** @internal Whether something is a parameter; a Proxy that was revoked is none. */
export const isParameter = /* @__PURE__ */ K.whereReadable((x): x is Parameter => x instanceof Parameter);
