import { checkArguments, K } from '../../arguments/index.ts';
import type { DType } from '../../dtype.ts';
import { KindlingError } from '../../errors.ts';
import { E, ElementwiseKernel, type Expr, sumElementwise } from '../../kernels/index.ts';
import { apply, definePrimitive, type Primitive } from '../../record/index.ts';
import { broadcastAll, numelOf, type Shape, sameShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { expand } from '../views/shape.ts';
import { floatsOnly } from './dtype-checks.ts';
import { derivativeOf, gradientExpressions } from './gradient.ts';
import { callerOf, elementwiseSpec, type Inputs, isFilled, ofParams } from './operands.ts';
import { applyElementwise, ElementwiseOp, type ElementwiseSpec } from './operation.ts';
import { meetingDType } from './result-type.ts';

/** What happens to the values of an elementwise operation. */
export type Reduction = 'none' | 'mean' | 'sum';

interface Attributes {
  readonly params: readonly number[];
  readonly mean: boolean;
}

const applyParameters = {
  operands: K.tensors,
  reduction: K.oneOf('none', 'mean', 'sum'),
  params: K.listOf(K.scalar, 'an array of numbers'),
};
const areTensors = (operands: unknown): boolean =>
  Array.isArray(operands) && operands.every((x) => x instanceof Tensor);

/** Shape of every reduced result. */
const scalar: Shape = [];

/**
 * An elementwise operation that can be reduced as it is computed: the values stay in the cache and are added up in float64;
 * their gradient is one elementwise operation of the operands and the result's gradient. This is what a fused loss is.
 *
 * The spec is that of an {@link ElementwiseOp}; operands are tensors. Kindling's own.
 * @throws ValueError for what is no such spec
 * @example
 * ```ts
 * const mse = new ElementwiseReduction({
 *   name: 'mse_loss',
 *   arity: 2,
 *   expression: (x, y) => E.square(E.sub(x, y)),
 * });
 * mse.apply([tensor([1.5, 2]), tensor([0.5, 4])], 'mean'); // tensor(2.5000)
 * ```
 */
export class ElementwiseReduction {
  /** What it was made of. */
  readonly spec: ElementwiseSpec;
  /** Without the reduction. */
  readonly #plain: ElementwiseOp;
  #made: Primitive<Attributes, Inputs> | undefined;

  constructor(spec: ElementwiseSpec) {
    checkArguments('ElementwiseReduction', { spec: elementwiseSpec }, [spec]);
    this.spec = spec;
    this.#plain = new ElementwiseOp({ ...spec, check: withFloatsOnly(spec) });
  }

  /** Made when first needed: a library of losses would differentiate them all when it is imported. */
  get #reduced(): Primitive<Attributes, Inputs> {
    return (this.#made ??= reducedPrimitive(this.#plain.spec));
  }

  /**
   * The values, broadcast; or their mean or sum, a 0-dimensional tensor.
   * @throws DTypeError when the operands meet in no floating dtype
   * @throws ShapeError when the shapes do not broadcast
   */
  apply(operands: readonly Tensor[], reduction: Reduction, params: readonly number[] = []): Tensor {
    if (!areTensors(operands) || !Array.isArray(params))
      checkArguments('ElementwiseReduction.apply', applyParameters, [operands, reduction, params]);
    if (!isFilled(operands))
      throw new KindlingError(`${callerOf(this.spec)}: expected ${this.spec.arity} tensors, got none`);
    if (reduction === 'none') return applyElementwise(this.#plain, operands, params);
    const inputs = haveOneShape(operands) ? operands : alike(operands, callerOf(this.spec));
    try {
      return apply(this.#reduced, inputs, { params, mean: reduction === 'mean' });
    } catch (error) {
      throw ofParams(error, 'ElementwiseReduction.apply', params);
    }
  }
}

/** The check of a spec, and before it that of the dtype: the values are to be divided, and to be differentiated. */
function withFloatsOnly(spec: ElementwiseSpec): NonNullable<ElementwiseSpec['check']> {
  const { check } = spec;
  const checkFloating = floatsOnly(
    callerOf(spec),
    (dtype) => `expected floating point operands, got ${dtype}; convert with x.to('float32')`,
  );
  return (dtype, inputs) => {
    checkFloating(dtype);
    check?.(dtype, inputs);
  };
}

function haveOneShape(operands: Inputs): boolean {
  const { shape } = operands[0];
  for (let i = 1; i < operands.length; i++) if (!sameShape(operands[i]!.shape, shape)) return false;
  return true;
}

/** The operands expanded to their common shape. */
function alike(operands: Inputs, name: string): Inputs {
  const [first, ...rest] = operands;
  const shapes = operands.map((x) => x.shape);
  const shape = broadcastAll(shapes, name);
  const expanded = (x: Tensor): Tensor => (sameShape(x.shape, shape) ? x : expand(x, shape));
  return [expanded(first), ...rest.map(expanded)];
}

function reducedPrimitive(spec: ElementwiseSpec): Primitive<Attributes, Inputs> {
  const { name, arity } = spec;
  let made: ElementwiseKernel | undefined;
  const kernel = (): ElementwiseKernel => (made ??= new ElementwiseKernel(name, arity, spec.expression));
  const operands = Array.from({ length: arity }, (_, i) => i);
  // The gradient's first parameter scales g.
  const [scale, ...params] = Array.from({ length: 16 }, (_, i) => E.param(i)) as [Expr, ...Expr[]];

  return definePrimitive<Attributes, Inputs>({
    name,
    infer(inputs) {
      const dtype = commonType(inputs);
      spec.check?.(dtype, inputs);
      return { shape: scalar, dtype };
    },
    kernel(inputs, { params, mean }, out) {
      spec.inspect?.(inputs, out.dtype, false);
      const total = sumElementwise(kernel(), out.dtype, inputs, params);
      out.storage.array[out.offset] = mean ? total / inputs[0].count : total;
    },
    ...derivativeOf<Attributes>(
      spec,
      (gradient) => new ElementwiseOp(gradient),
      arity,
      (g, x) => gradientExpressions(spec, E.mul(g, scale), [...x, ...params], operands),
      (node) => [node.attrs.mean ? 1 / numelOf(node.shape(0)) : 1, ...node.attrs.params],
      true,
    ),
  });
}

function commonType(inputs: Inputs): DType {
  const { dtype } = inputs[0];
  return inputs.every((x) => x.dtype === dtype) ? dtype : meetingDType(inputs, []);
}
