import { type DType, isFloatingPoint } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { E, ElementwiseKernel, type Expr, sumElementwise } from '../../kernels/index.ts';
import { apply, definePrimitive, type Primitive } from '../../record/index.ts';
import { broadcastShapes, numelOf, type Shape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { expand } from '../views/shape.ts';
import { gradientExpressions, operandGradients } from './gradient.ts';
import { applyElementwise, ElementwiseOp, type ElementwiseSpec } from './operation.ts';
import { resultType } from './result-type.ts';

/** What happens to the values of an elementwise operation. */
export type Reduction = 'none' | 'mean' | 'sum';

interface Attributes {
  readonly params: readonly number[];
  readonly mean: boolean;
}

/** Shape of every reduced result. */
const scalar: Shape = [];

/**
 * An elementwise operation that can be reduced as it is computed: the values stay in the cache and are added up in float64;
 * their gradient is one elementwise operation of the operands and the result's gradient. This is what a fused loss is.
 *
 * The spec is that of an {@link ElementwiseOp} (with a `gradient` that does not read the result); operands are tensors.
 *
 * @example
 * ```ts
 * const mse = new ElementwiseReduction({
 *   name: 'mse_loss',
 *   arity: 2,
 *   expression: ([x, y]) => E.square(E.sub(x!, y!)),
 * });
 * mse.apply([input, target], 'mean');
 * ```
 */
export class ElementwiseReduction {
  readonly spec: ElementwiseSpec;
  readonly #plain: ElementwiseOp;
  readonly #reduced: Primitive<Attributes>;

  constructor(spec: ElementwiseSpec) {
    this.spec = spec;
    const checked = { ...spec, check: floatsOnly(spec) };
    this.#plain = new ElementwiseOp(checked);
    this.#reduced = reducedPrimitive(checked);
  }

  /** The values, broadcast; or their mean or sum, a 0-dimensional tensor. */
  apply(operands: readonly Tensor[], reduction: Reduction, params: readonly number[] = []): Tensor {
    if (reduction === 'none') return applyElementwise(this.#plain, operands, params);
    return apply(this.#reduced, alike(operands, this.spec.name), { params, mean: reduction === 'mean' });
  }
}

/** The check of a spec, and before it that of the dtype: the values are to be divided, and to be differentiated. */
function floatsOnly(spec: ElementwiseSpec): NonNullable<ElementwiseSpec['check']> {
  return (dtype, inputs) => {
    if (!isFloatingPoint(dtype)) {
      throw new DTypeError(
        `${spec.name}: expected floating point operands, got ${dtype}; convert with x.to('float32')`,
      );
    }
    spec.check?.(dtype, inputs);
  };
}

/** The operands expanded to their common shape. */
function alike(operands: readonly Tensor[], name: string): readonly Tensor[] {
  let shape = operands[0]!.shape;
  let same = true;
  for (let i = 1; i < operands.length; i++) {
    const other = operands[i]!.shape;
    if (sameShape(other, shape)) continue;
    shape = broadcastShapes(shape, other, name);
    same = false;
  }
  return same ? operands : operands.map((x) => (sameShape(x.shape, shape) ? x : expand(x, shape)));
}

function reducedPrimitive(spec: ElementwiseSpec): Primitive<Attributes> {
  const { name, arity } = spec;
  let made: ElementwiseKernel | undefined;
  const kernel = (): ElementwiseKernel => (made ??= new ElementwiseKernel(name, arity, spec.expression));
  const operands = Array.from({ length: arity }, (_, i) => i);
  // The gradient's first parameter scales g.
  const [scale, ...params] = Array.from({ length: 16 }, (_, i) => E.param(i)) as [Expr, ...Expr[]];
  const gradients =
    spec.gradient === false
      ? []
      : operandGradients(
          (gradient) => new ElementwiseOp(gradient),
          name,
          arity,
          (g, x, y) => gradientExpressions(spec, E.mul(g, scale), [...x, ...params], y, operands),
          true,
        );

  return definePrimitive<Attributes, readonly Tensor[]>({
    name,
    saves: gradients.reduce((bits, gradient) => bits | (gradient?.saves ?? 0), 0),
    infer(inputs) {
      const dtype = commonType(inputs);
      spec.check?.(dtype, inputs);
      return { shape: scalar, dtype };
    },
    kernel(inputs, { params, mean }, out) {
      const total = sumElementwise(kernel(), out.dtype, inputs, params);
      out.storage.array[out.offset] = mean ? total / inputs[0]!.count : total;
    },
    ...(spec.gradient === false
      ? {}
      : {
          derivative(g, node) {
            const { params, mean } = node.attrs;
            const scale = mean ? 1 / numelOf(node.shape(0)) : 1;
            return gradients.map((gradient, i) =>
              gradient === null || !node.needs(i) ? null : gradient.run(g, node, [scale, ...params]),
            );
          },
        }),
  });
}

function commonType(inputs: readonly Tensor[]): DType {
  const { dtype } = inputs[0]!;
  for (let i = 1; i < inputs.length; i++) if (inputs[i]!.dtype !== dtype) return resultType(inputs, []);
  return dtype;
}

function _countOf(shape: Shape): number {
  let n = 1;
  for (let d = 0; d < shape.length; d++) n *= shape[d]!;
  return n;
}
