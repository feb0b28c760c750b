import { checkArguments, K, refuseExcess } from '../../arguments/index.ts';
import { callListener } from '../../arguments/signature.ts';
import { type DType, isFloatingPoint, laneOf } from '../../dtype.ts';
import { calledAs } from '../../errors.ts';
import { E, ElementwiseKernel, type Expr, runElementwise, scatterStrided } from '../../kernels/index.ts';
import { isArray } from '../../readable.ts';
import { apply, applyInPlace, definePrimitive, type Primitive } from '../../record/index.ts';
import { broadcastShapes, sameSizes } from '../../shape.ts';
import { emptyTensor, isOfClass, type Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { codeOf, noteInspection } from './code.ts';
import {
  type ComposedGradient,
  composedDerivative,
  derivativeOf,
  gradientExpressions,
  secondsOf,
} from './gradient.ts';
import {
  callerOf,
  checkedSpec,
  elementwiseSpec,
  type Inputs,
  notATensor,
  requireParams,
  splitOperands,
} from './operands.ts';
import { meetingDType } from './result-type.ts';

/** What an elementwise operation takes for an operand: a number follows PyTorch's rule for Python scalars. */
export type Operand = Tensor | number | boolean;

/**
 * The gradient of each operand as an expression in g, the gradient of the result y, and in operands and parameters;
 * `null` where there is none.
 */
type GradientRule = (at: { readonly g: Expr; readonly y: Expr }, ...x: Expr[]) => readonly (Expr | null)[];

/**
 * The gradients of the gradients that a {@link GradientRule} states: for that of each operand, where its own gradient
 * is h, that by g and those by each operand; `null` for an operand whose gradient is differentiated as it stands.
 */
type SecondRule = (
  at: { readonly h: Expr; readonly g: Expr },
  ...x: Expr[]
) => readonly (readonly (Expr | null)[] | null)[];

/** An elementwise operation, declared as a scalar expression over its operands and then its parameters. */
export interface ElementwiseSpec {
  /** PyTorch's name: `log_softmax` makes results whose gradFn prints as `<LogSoftmaxBackward0>`. */
  readonly name: string;
  /** The public name, where it is not the camelCase form of `name`: for errors. */
  readonly caller?: string;
  /** How many operands it takes. */
  readonly arity: number;
  /** The value in the operands, `arity` of them, and the parameters: `(a, b, alpha) => E.add(a, E.mul(alpha, b))`. */
  readonly expression: (...x: Expr[]) => Expr;
  /**
   * The dtype rule. `promote`: the operands' common dtype. `float`: the same, integers becoming float32.
   * `number`: the same, bools becoming int32. `bool`: compares in the common dtype.
   * `condition`: the first operand is a condition, the others promote.
   */
  readonly dtype?: 'promote' | 'float' | 'number' | 'bool' | 'condition';
  /** Computes with integers where the inputs are integers; given where it differs from `expression`. */
  readonly integer?: (...x: Expr[]) => Expr;
  /**
   * Whether it works on the bits of integers: then in lanes of int32. Other arithmetic on int32 is done in float64,
   * which is exact, and what does not fit int32 in the end is an error.
   */
  readonly onBits?: boolean;
  /**
   * PyTorch's gradient where it is not what differentiating the expression gives (subgradients at kinks, a form that
   * reads the result instead of the operand); `false`: not differentiable; `'refused'`: the result wants a gradient,
   * and one that reaches it is an error, as where PyTorch has no derivative.
   */
  readonly gradient?: GradientRule | false | 'refused';
  /** PyTorch's gradient of `gradient`, where it is not what differentiating that gives. */
  readonly second?: SecondRule;
  /**
   * Whether a gradient depends on no operand that it only compares, as in PyTorch where it is composed of comparisons.
   * Default: the gradient of the gradient to that operand is 0, as where PyTorch has a kernel for the gradient.
   */
  readonly comparesApart?: boolean;
  /**
   * The gradients as operations on tensors, of operands that are all tensors: each factor in the shape of its own
   * operands, as PyTorch has them, so that the gradients of these are summed before an infinite factor meets them.
   * @internal
   */
  readonly composed?: ComposedGradient;
  /** Refuses dtypes; called with the common dtype and the operands that are tensors. */
  readonly check?: (dtype: DType, inputs: Inputs) => void;
  /** Refuses values: the kernel calls it with its operands and the dtype in which they meet, before it computes. */
  readonly inspect?: (operands: readonly (Tensor | number)[], dtype: DType, inPlace: boolean) => void;
  /**
   * What becomes of scalars beyond the range of uint8 where that is the common dtype. `wrap`: they are converted to it,
   * as other operands are, so that `-1` counts as 255. `keep`: they count as they are. Default: wrap.
   */
  readonly beyondByte?: 'wrap' | 'keep';
  /**
   * PyTorch's number of the overload, by which operands are numbers: bit i of `scalars` is set where operand i is one.
   */
  readonly overload?: (scalars: number) => number;
  /** The operation whose name PyTorch's node has, by the same `scalars`; by default this one. */
  readonly shown?: (scalars: number) => string | undefined;
}

/** Scalars that stand for operands come first, then the operation's own parameters. */
type Params = readonly number[];

/**
 * An elementwise operation: its kernels for floats, integers and bools and its derivatives of any order are made from
 * the spec. It is run by {@link applyUnary} and its kin. Kindling's own.
 * @throws ValueError for what is no such spec
 * @example
 * ```ts
 * const axpy = new ElementwiseOp({ name: 'axpy', arity: 2, expression: (x, y, a) => E.add(E.mul(a, x), y) });
 * applyBinary(axpy, tensor([1.5, 2]), tensor([10, 20]), [2]); // tensor([13., 24.])
 * ```
 */
export class ElementwiseOp {
  /** What it was made of. */
  readonly spec: ElementwiseSpec;
  readonly #primitives: (Primitive<Params, Inputs> | undefined)[] = [];

  constructor(spec: ElementwiseSpec) {
    checkArguments('ElementwiseOp', { spec: elementwiseSpec }, arguments);
    this.spec = checkedSpec(spec);
    noteInspection(spec);
  }

  /**
   * The primitive over the operands that are tensors: bit i of `scalars` is set where operand i is a number. @internal
   */
  primitive(scalars: number): Primitive<Params, Inputs> {
    return (this.#primitives[scalars] ??= makePrimitive(this.spec, scalars));
  }
}

const none: Params = [];

/** Whether something is an operation; a Proxy that was revoked is none. */
function isOp(x: unknown): boolean {
  try {
    return x instanceof ElementwiseOp;
  } catch {
    return false;
  }
}

const isOpOf = (op: ElementwiseOp, operands: readonly Operand[]): boolean =>
  isOp(op) && isArray(operands) && operands.length >= op.spec.arity;

/** Throws the error for what is no operation, or no list of operands. */
const requireOp = (caller: string, op: unknown, operands?: unknown): void =>
  checkArguments(
    caller,
    {
      op: K.instanceOf(ElementwiseOp, 'an ElementwiseOp'),
      operands: K.kind('an array of as many operands as the operation has', () => false),
    },
    [op, operands],
  );

/**
 * Runs an operation of one tensor. Kindling's own.
 * @throws DTypeError when x is no tensor, or of a dtype that the operation refuses
 */
export function applyUnary(op: ElementwiseOp, x: Tensor, params: Params = none): Tensor {
  if (arguments.length > 3) refuseExcess('applyUnary', ['op', 'x', 'params'], arguments);
  if (!isOp(op)) requireOp('applyUnary', op);
  if (!isOfClass(x)) throw notATensor(callerOf(op.spec), [x]);
  if (params !== none) requireParams('applyUnary', params);
  if (callListener !== null) callListener.computes([x], params);
  return apply(op.primitive(0), [x], params);
}

/**
 * Runs an operation of two operands, broadcast. Kindling's own.
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when an operand is no tensor and no number, or of a dtype that the operation refuses
 */
export function applyBinary(op: ElementwiseOp, a: Operand, b: Operand, params: Params = none): Tensor {
  if (arguments.length > 4) refuseExcess('applyBinary', ['op', 'a', 'b', 'params'], arguments);
  if (!isOp(op)) requireOp('applyBinary', op);
  if (params !== none) requireParams('applyBinary', params);
  if (callListener !== null) callListener.computes([a, b], params);
  if (isOfClass(a)) {
    if (isOfClass(b)) return apply(op.primitive(0), [a, b], params);
    if (typeof b === 'number') return apply(op.primitive(2), [a], params.length === 0 ? [b] : [b, ...params]);
  } else if (typeof a === 'number' && isOfClass(b)) {
    return apply(op.primitive(1), [b], params.length === 0 ? [a] : [a, ...params]);
  }
  return applyElementwise(op, [a, b], params);
}

/**
 * Runs an operation of any number of operands; otherwise as {@link applyBinary}. Kindling's own.
 * @throws ValueError for what is no operation or no list; else as {@link applyBinary}
 */
export function applyElementwise(
  op: ElementwiseOp,
  operands: readonly Operand[],
  params: Params = none,
): Tensor {
  if (!isOpOf(op, operands)) requireOp('applyElementwise', op, operands);
  if (params !== none) requireParams('applyElementwise', params);
  if (callListener !== null) callListener.computes(operands, params);
  const split = splitOperands(op.spec, operands, params);
  return apply(op.primitive(split.mask), split.tensors, split.params);
}

/**
 * Runs an operation whose result replaces the first operand, a tensor. Kindling's own.
 * @throws AutogradError when the tensor is a leaf that requires grad, or a view of which a change cannot be recorded
 * @throws DTypeError when the result's dtype cannot be cast to the tensor's; otherwise as {@link applyBinary}
 */
export function applyElementwiseInPlace(
  op: ElementwiseOp,
  operands: readonly Operand[],
  params: Params = none,
): Tensor {
  if (!isOpOf(op, operands)) requireOp('applyElementwiseInPlace', op, operands);
  if (!isOfClass(operands[0])) throw notATensor(`${callerOf(op.spec)}_`, operands);
  if (params !== none) requireParams('applyElementwiseInPlace', params);
  if (callListener !== null) callListener.computes(operands, params);
  try {
    const split = splitOperands(op.spec, operands, params);
    return applyInPlace(op.primitive(split.mask), split.tensors, split.params);
  } catch (error) {
    throw calledAs(`${callerOf(op.spec)}_`, error);
  }
}

/** 0-dimensional integers that meet uint8 tensors are converted to uint8. */
const asBytes = (x: Tensor): Tensor => (x.dtype === 'int32' ? to(x, 'uint8') : x);

/** The first `count` parameters stand for operands: where the operation is on bytes they wrap around. */
const bytesOf = (params: Params, count: number): Params =>
  count === 0 ? params : params.map((p, i) => (i < count ? p & 255 : p));

/** Integers are computed from whole parameters: a fraction is dropped, as in PyTorch. */
const wholeOf = (params: Params): Params =>
  params.every(Number.isInteger) ? params : params.map(Math.trunc);

const fitInt32 = (params: Params): boolean => params.every((p) => (p | 0) === p);

/** What stands for the operands of a primitive: inputs, or parameters for those that are numbers. */
function sourcesOf(arity: number, scalarMask: number) {
  const tensorOperands: number[] = [];
  let scalarCount = 0;
  const sources = Array.from({ length: arity }, (_, i) => {
    const scalar = (scalarMask & (1 << i)) !== 0;
    if (!scalar) tensorOperands.push(i);
    return scalar ? { param: scalarCount++ } : { input: tensorOperands.length - 1 };
  });
  const ownParams = Array.from({ length: 16 }, (_, i) => E.param(scalarCount + i));
  return {
    tensorOperands,
    scalarCount,
    /** What the spec's expressions take, from the nodes of the operands that are tensors. */
    nodesOf: (x: readonly Expr[]): Expr[] => [
      ...sources.map((s) => ('param' in s ? E.param(s.param) : (x[s.input] as Expr))),
      ...ownParams,
    ],
    /** The operands as the caller gave them, for `inspect`. */
    operandsOf: (inputs: Inputs, params: Params) =>
      sources.map((s) => ('param' in s ? params[s.param] : inputs[s.input]) as Tensor | number),
  };
}

/** The dtype in which a primitive computes, of which the first `scalarCount` parameters stand for operands. */
function computeTypeOf(spec: ElementwiseSpec, scalarMask: number, scalarCount: number) {
  const isCondition = spec.dtype === 'condition' && (scalarMask & 1) === 0;
  const commonType = (inputs: Inputs, params: Params): DType => {
    if (inputs.length === 1 && scalarCount === 0) return inputs[0].dtype;
    const scalars = scalarCount === 0 ? none : params.slice(0, scalarCount);
    return meetingDType(isCondition ? inputs.slice(1) : inputs, scalars);
  };
  return (inputs: Inputs, params: Params): DType => {
    const dtype = commonType(inputs, params);
    if (spec.dtype === 'float' && !isFloatingPoint(dtype)) return 'float32';
    return spec.dtype === 'number' && dtype === 'bool' ? 'int32' : dtype;
  };
}

function makePrimitive(spec: ElementwiseSpec, scalarMask: number): Primitive<Params, Inputs> {
  const { arity, name } = spec;
  const caller = callerOf(spec);
  const { tensorOperands, scalarCount, nodesOf, operandsOf } = sourcesOf(arity, scalarMask);
  const kernelFor = kernelsOf(spec, tensorOperands.length, nodesOf);
  const computeType = computeTypeOf(spec, scalarMask, scalarCount);
  const wraps = spec.beyondByte !== 'keep' && arity > 1;
  return definePrimitive<Params, Inputs>({
    name,
    shown: spec.shown?.(scalarMask),
    overload: () => spec.overload?.(scalarMask) ?? 0,
    writesAnywhere: true,
    infer(inputs, params) {
      let { shape } = inputs[0];
      for (let i = 1; i < inputs.length; i++) {
        const other = inputs[i]!.shape;
        if (other !== shape && !sameSizes(shape, other)) shape = broadcastShapes(shape, other, caller);
      }
      const dtype = computeType(inputs, params);
      spec.check?.(dtype, inputs);
      return { shape, dtype: spec.dtype === 'bool' ? 'bool' : dtype };
    },
    kernel(inputs, params, out) {
      const dtype = computeType(inputs, params);
      if (out.count > 0) spec.inspect?.(operandsOf(inputs, params), dtype, out === inputs[0]);
      const kernel = kernelFor(dtype);
      if (dtype === 'uint8' && wraps) {
        runElementwise(kernel, 'i32', inputs.map(asBytes), bytesOf(params, scalarCount), out);
      } else if (dtype === 'int32' && spec.onBits !== true && !(kernel.staysInInt32 && fitInt32(params))) {
        const direct = out.dtype !== 'uint8';
        const result = direct ? out : emptyTensor(out.shape, 'int32');
        runElementwise(kernel, 'f64', inputs, wholeOf(params), result, out !== inputs[0]);
        if (!direct) scatterStrided(result, out);
      } else runElementwise(kernel, laneOf(dtype), inputs, params, out);
    },
    code: () => codeOf(spec, scalarMask),
    elementwise(inputs, params) {
      const dtype = computeType(inputs as Inputs, params);
      return { expression: kernelFor(dtype).expression, dtype };
    },
    ...(spec.composed !== undefined && scalarMask === 0
      ? composedDerivative(spec.composed)
      : derivativeOf<Params>(
          spec,
          (gradient) => new ElementwiseOp(gradient),
          tensorOperands.length,
          (g, x, y) => gradientExpressions(spec, g, nodesOf(x), tensorOperands, y),
          secondsOf(spec, tensorOperands, nodesOf),
          (node) => node.attrs,
        )),
  });
}

/**
 * The kernel of a primitive for a dtype, made when first needed: on floats, on integers, and on bools (whose results
 * are 0 or 1).
 */
function kernelsOf(spec: ElementwiseSpec, inputs: number, nodesOf: (x: readonly Expr[]) => Expr[]) {
  const onIntegers = spec.integer ?? spec.expression;
  const toBool = (y: Expr): Expr => (y.kind === 'mask' ? y : E.toMask(y));
  const made = (build: (...nodes: Expr[]) => Expr): (() => ElementwiseKernel) => {
    let kernel: ElementwiseKernel | undefined;
    return () => (kernel ??= new ElementwiseKernel(spec.name, inputs, (...x) => build(...nodesOf(x))));
  };
  const [float, integer] = [made(spec.expression), made(onIntegers)];
  const bool = made((...nodes) => toBool(onIntegers(...nodes)));
  return (dtype: DType): ElementwiseKernel => {
    if (isFloatingPoint(dtype)) return float();
    return dtype === 'bool' ? bool() : integer();
  };
}

/** An elementwise function of one tensor, with the operation behind it, from which its in-place form is made. */
export interface UnaryFunction {
  (x: Tensor): Tensor;
  /** The operation that it runs. */
  readonly op: ElementwiseOp;
}

/** The same of two operands. */
export interface BinaryFunction {
  (a: Operand, b: Operand): Tensor;
  /** The operation that it runs. */
  readonly op: ElementwiseOp;
}
