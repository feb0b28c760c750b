import { checkArguments, K } from '../../arguments/index.ts';
import { type DType, laneOf } from '../../dtype.ts';
import { KindlingError } from '../../errors.ts';
import {
  E,
  ElementwiseKernel,
  type Expr,
  expressionData,
  mayLook,
  runElementwise,
  sumElementwise,
} from '../../kernels/index.ts';
import { type Code, writing } from '../../record/code.ts';
import { isRecording } from '../../record/flags.ts';
import { updateInPlace } from '../../record/in-place.ts';
import {
  apply,
  applyMulti,
  defineMulti,
  definePrimitive,
  type GradNode,
  isGradEnabled,
  type Meta,
  type MultiPrimitive,
  OUTPUT,
  type Primitive,
  type Tensors,
} from '../../record/index.ts';
import { broadcastAll, numelOf, type Shape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { expand } from '../views/shape.ts';
import { inspectionOf } from './code.ts';
import { floatsOnly } from './dtype-checks.ts';
import { derivativeOf, gradientExpressions, secondsOf } from './gradient.ts';
import { callerOf, elementwiseSpec, type Inputs, isFilled, paramsKind } from './operands.ts';
import { applyElementwise, ElementwiseOp, type ElementwiseSpec } from './operation.ts';
import { meetingDType } from './result-type.ts';

/** What happens to the values of an elementwise operation. */
export type Reduction = 'none' | 'mean' | 'sum';

interface Attributes {
  readonly params: readonly number[];
  readonly mean: boolean;
  /** Bit i is set where the gradient of operand i, for a gradient of 1, is a further result. */
  readonly units: number;
}

const none: readonly never[] = [];

const applyParameters = {
  operands: K.tensors,
  reduction: K.oneOf('none', 'mean', 'sum'),
  params: K.optional(K.listOf(K.scalar, 'an array of numbers')),
};

/** From this many elements on, a second pass costs more than a second result. */
const many = 512;

/** Shape of every reduced result. */
const scalar: Shape = [];

/**
 * An elementwise operation that can be reduced as it is computed: the values stay in the cache and are added up as
 * `sum` adds up. Where gradients are wanted of many elements, the same pass computes them. Of few, in a second
 * backward, and where backward itself is recorded, they are one elementwise operation of the operands and the result's
 * gradient. This is what a fused loss is.
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
  #made: Reduced | undefined;

  constructor(spec: ElementwiseSpec) {
    checkArguments('ElementwiseReduction', { spec: elementwiseSpec }, arguments);
    this.spec = spec;
    this.#plain = new ElementwiseOp({ ...spec, check: withFloatsOnly(spec) });
  }

  /** Made when first needed: a library of losses would differentiate them all when it is imported. */
  get #reduced(): Reduced {
    return (this.#made ??= reducedPrimitives(this.#plain.spec));
  }

  /**
   * The values, broadcast; or their mean or sum, a 0-dimensional tensor.
   * @throws DTypeError when the operands meet in no floating dtype
   * @throws ShapeError when the shapes do not broadcast
   */
  apply(operands: readonly Tensor[], reduction: Reduction, params: readonly number[] = []): Tensor {
    if (!K.tensors.accepts(operands) || !paramsKind.accepts(params))
      checkArguments('ElementwiseReduction.apply', applyParameters, arguments);
    if (!isFilled(operands))
      throw new KindlingError(`${callerOf(this.spec)}: expected ${this.spec.arity} tensors, got none`);
    if (reduction === 'none') return applyElementwise(this.#plain, operands, params);
    const inputs = haveOneShape(operands) ? operands : alike(operands, callerOf(this.spec));
    const { plain, withUnits, differentiable } = this.#reduced;
    const units = inputs[0].count >= many && isRecording() ? wantGrad(inputs) & differentiable : 0;
    const attributes = { params, mean: reduction === 'mean', units };
    return units === 0 ? apply(plain, inputs, attributes) : applyMulti(withUnits, inputs, attributes)[0];
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

/** Which operands want a gradient: bit i is set where operand i does. */
function wantGrad(operands: Inputs): number {
  let bits = 0;
  for (let i = 0; i < operands.length; i++) if (operands[i]!.requiresGrad) bits |= 1 << i;
  return bits;
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

/** The operation as primitives. */
interface Reduced {
  readonly plain: Primitive<Attributes, Inputs>;
  /** With the gradients `units`, of which the forward pass has the parts at hand. */
  readonly withUnits: MultiPrimitive<Attributes, Inputs, [total: Tensor, ...units: Tensor[]]>;
  /** The operands that have a gradient, as {@link Attributes.units}. */
  readonly differentiable: number;
}

const scaling = new ElementwiseKernel('scale', 2, (unit, g) => E.mul(unit, g));

/** For kernels: multiplies gradients by that of the result, one number. */
const scaleUnits = /* @__PURE__ */ writing(
  'scaled gradients',
  ([g]: Tensors, _: unknown, units: Tensors): void => {
    if (g === undefined) return;
    if (mayLook() && g.storage.array[g.offset] === 1) return;
    for (const unit of units) runElementwise(scaling, laneOf(unit.dtype), [unit, g], [], unit);
  },
);

const operandsOf = ({ arity }: ElementwiseSpec): number[] => Array.from({ length: arity }, (_, i) => i);
const parametersOf = (): Expr[] => Array.from({ length: 16 }, (_, i) => E.param(i));

/**
 * The kernels, made when first needed: of the values and the gradients `units`, whose scale is the parameter behind
 * those of the operation.
 */
function kernelsOf(spec: ElementwiseSpec): (units: number, count: number) => ElementwiseKernel {
  const { name, arity } = spec;
  const [operands, params] = [operandsOf(spec), parametersOf()];
  const kernels: (ElementwiseKernel | undefined)[] = [];
  return (units, count) =>
    (kernels[units] ??= new ElementwiseKernel(name, arity, (...nodes) => {
      const given = [...nodes.slice(0, arity), ...params];
      const gradients = units === 0 ? [] : gradientExpressions(spec, E.param(count), given, operands);
      return [spec.expression(...given), ...(gradients.filter((_, i) => (units >> i) & 1) as Expr[])];
    }));
}

/** The operands that have a gradient: bit i is set where operand i has. */
function differentiableOf(spec: ElementwiseSpec): number {
  if (spec.gradient === false || spec.gradient === 'refused') return 0;
  const operands = operandsOf(spec);
  const given = [...operands.map(E.input), ...parametersOf()];
  const stated = gradientExpressions(spec, E.constant(1), given, operands);
  return operands.reduce((sum, i) => (stated[i] != null ? sum | (1 << i) : sum), 0);
}

/** Adds up the values that a kernel gives, and stores the gradients `units`. @internal */
export function addUp(
  kernel: ElementwiseKernel,
  inputs: Inputs,
  { mean, params }: Pick<Attributes, 'mean' | 'params'>,
  out: Tensor,
  units: readonly Tensor[],
): void {
  const divisor = mean ? inputs[0].count : 1;
  const numbers = units.length === 0 ? params : params.concat(1 / divisor);
  sumElementwise(kernel, out.dtype, inputs, numbers, divisor, out.storage.array, out.offset, units);
}

/** What is saved for backward, and the gradients as one operation of operands and the result's gradient. */
function backwardOf(spec: ElementwiseSpec) {
  const operands = operandsOf(spec);
  // The gradient's first parameter scales g.
  const [scale, ...others] = parametersOf() as [Expr, ...Expr[]];
  return derivativeOf<Attributes>(
    spec,
    (gradient) => new ElementwiseOp(gradient),
    spec.arity,
    (g, x) => gradientExpressions(spec, E.mul(g, scale), [...x, ...others], operands),
    secondsOf(spec, operands, (x) => [...x, ...others], scale),
    (node) => [node.attrs.mean ? 1 / numelOf(node.shape(0)) : 1, ...node.attrs.params],
    true,
  );
}

function reducedPrimitives(spec: ElementwiseSpec): Reduced {
  const { name } = spec;
  const kernelOf = kernelsOf(spec);
  const { saves, derivative } = backwardOf(spec);
  const infer = (inputs: Inputs): Meta => {
    const dtype = commonType(inputs);
    spec.check?.(dtype, inputs);
    return { shape: scalar, dtype };
  };
  const run = (inputs: Inputs, a: Attributes, out: Tensor, units: readonly Tensor[]): void => {
    spec.inspect?.(inputs, out.dtype, false);
    addUp(kernelOf(a.units, a.params.length), inputs, a, out, units);
  };
  const codeFor = (a: Attributes): Code => ({
    by: 'sum of values',
    operation: name,
    arity: spec.arity,
    expressions: expressionData(kernelOf(a.units, a.params.length).expressions),
    ...inspectionOf(spec),
  });
  return {
    differentiable: differentiableOf(spec),
    plain: definePrimitive<Attributes, Inputs>({
      name,
      saves,
      infer,
      kernel: (inputs, a, out) => run(inputs, a, out, none),
      code: codeFor,
      elementwise: (inputs, a) => ({
        expression: kernelOf(0, a.params.length).expression,
        dtype: commonType(inputs as Inputs),
      }),
      ...(derivative === undefined ? {} : { derivative }),
    }),
    withUnits: defineMulti<Attributes, Inputs, [total: Tensor, ...units: Tensor[]]>({
      name,
      saves: saves | OUTPUT,
      infer(inputs, { units }) {
        const total = infer(inputs);
        const metas: [Meta, ...Meta[]] = [total];
        for (let rest = units; rest !== 0; rest &= rest - 1)
          metas.push({ shape: inputs[0].shape, dtype: total.dtype });
        return metas;
      },
      kernel: (inputs, a, [total, ...units]) => run(inputs, a, total, units),
      code: codeFor,
      derivative([g], node) {
        if (g == null) return none;
        const units = isGradEnabled() ? null : takeUnits(node);
        if (units === null) return derivative?.(g, node) ?? none;
        const own: Tensor[] = [];
        for (const unit of units) if (unit !== null) own.push(unit);
        updateInPlace(`${name}_backward_`, own, [g, ...own], node.attrs, scaleUnits);
        return units;
      },
    }),
  };
}

/** The gradients of the operands that the forward pass has computed; `null` where they were given away before. */
function takeUnits(node: GradNode<Attributes>): (Tensor | null)[] | null {
  const taken: (Tensor | null)[] = [];
  let output = 0;
  for (let rest = node.attrs.units; rest !== 0; rest >>= 1) {
    const unit = (rest & 1) === 0 ? null : node.takeOutput(++output);
    if ((rest & 1) === 1 && unit === null) return null;
    taken.push(unit);
  }
  return taken;
}

function commonType(inputs: Inputs): DType {
  const { dtype } = inputs[0];
  return inputs.every((x) => x.dtype === dtype) ? dtype : meetingDType(inputs, []);
}
