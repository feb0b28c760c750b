import { type DType, isFloatingPoint, laneOf } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { E, ElementwiseKernel, type Expr, runElementwise } from '../../kernels/index.ts';
import { apply, applyInPlace, definePrimitive, type Primitive } from '../../record/index.ts';
import { broadcastShapes, type Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { gradientExpressions, operandGradients } from './gradient.ts';
import { resultType } from './result-type.ts';

/** What an elementwise operation takes for an operand: a number follows PyTorch's rule for Python scalars. */
export type Operand = Tensor | number | boolean;

/**
 * The gradient of each operand as an expression in g, the gradient of the result y, and in operands and parameters;
 * `null` where there is none.
 */
type GradientRule = (at: { readonly g: Expr; readonly y: Expr }, ...x: Expr[]) => readonly (Expr | null)[];

/** An elementwise operation, declared as a scalar expression over its operands and then its parameters. */
export interface ElementwiseSpec {
  readonly name: string;
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
   * PyTorch's gradient where it is not what differentiating the expression gives (subgradients at kinks, a form that
   * reads the result instead of the operand); `false`: not differentiable.
   */
  readonly gradient?: GradientRule | false;
  /** Refuses dtypes; called with the common dtype and the operands that are tensors. */
  readonly check?: (dtype: DType, inputs: readonly Tensor[]) => void;
  /**
   * What becomes of scalars beyond the range of uint8 where that is the common dtype. `wrap`: they are converted to it, as
   * other operands are, so that `-1` counts as 255. `keep`: they count as they are. Default: wrap.
   */
  readonly beyondByte?: 'wrap' | 'keep';
  /** PyTorch's number of the overload, by which operands are numbers: bit i of `scalars` is set where operand i is one. */
  readonly overload?: (scalars: number) => number;
}

/** What a family of operations that share a form leaves open. */
export type ElementwiseDefinition = Omit<ElementwiseSpec, 'name' | 'arity' | 'expression'>;

/** Scalars that stand for operands come first, then the operation's own parameters. */
type Params = readonly number[];

/** One operation for one choice of which operands are numbers: a primitive over the tensors among them. */
interface Variant {
  readonly primitive: Primitive<Params>;
  readonly tensorOperands: readonly number[];
}

/** An elementwise operation: a spec and its primitives, one for each set of operands that are numbers. */
export class ElementwiseOp {
  readonly spec: ElementwiseSpec;
  readonly #variants: (Variant | undefined)[] = [];

  constructor(spec: ElementwiseSpec) {
    this.spec = spec;
  }

  /** `scalars` has bit i set where operand i is a number. */
  variant(scalars: number): Variant {
    return (this.#variants[scalars] ??= makeVariant(this.spec, scalars));
  }
}

const none: Params = [];

/** Runs an operation of one tensor. */
export function applyUnary(op: ElementwiseOp, x: Tensor, params: Params = none): Tensor {
  if (!(x instanceof Tensor)) throw notATensor(op.spec.name, [x]);
  return apply(op.variant(0).primitive, [x], params);
}

/** Runs an operation of two operands, of which at most one is a number. */
export function applyBinary(op: ElementwiseOp, a: Operand, b: Operand, params: Params = none): Tensor {
  if (a instanceof Tensor) {
    if (b instanceof Tensor) return apply(op.variant(0).primitive, [a, b], params);
    if (typeof b === 'number')
      return apply(op.variant(2).primitive, [a], params.length === 0 ? [b] : [b, ...params]);
  } else if (typeof a === 'number' && b instanceof Tensor) {
    return apply(op.variant(1).primitive, [b], params.length === 0 ? [a] : [a, ...params]);
  }
  return applyElementwise(op, [a, b], params);
}

/** Splits operands into tensors and scalars; a boolean counts as a 0-dimensional bool tensor. */
function splitOperands(op: ElementwiseOp, operands: readonly Operand[], params: Params) {
  const tensors: Tensor[] = [];
  const scalars: number[] = [];
  let mask = 0;
  for (let i = 0; i < operands.length; i++) {
    const x = operands[i];
    if (x instanceof Tensor) tensors.push(x);
    else if (typeof x === 'number') {
      scalars.push(x);
      mask |= 1 << i;
    } else if (typeof x === 'boolean') tensors.push(Tensor.scalar(x ? 1 : 0, 'bool'));
    else throw notATensor(op.spec.name, operands);
  }
  if (tensors.length === 0) {
    tensors.push(Tensor.scalar(scalars[0]!, Number.isInteger(scalars[0]) ? 'int32' : 'float32'));
    scalars.shift();
    mask &= mask - 1;
  }
  scalars.push(...params);
  return { tensors, scalars, mask };
}

/** Runs an operation of any number of operands. */
export function applyElementwise(
  op: ElementwiseOp,
  operands: readonly Operand[],
  params: Params = none,
): Tensor {
  const { tensors, scalars, mask } = splitOperands(op, operands, params);
  return apply(op.variant(mask).primitive, tensors, scalars);
}

/** Runs an operation whose result replaces the first operand, a tensor. */
export function applyElementwiseInPlace(
  op: ElementwiseOp,
  operands: readonly Operand[],
  params: Params = none,
): Tensor {
  if (!(operands[0] instanceof Tensor)) throw notATensor(`${op.spec.name}_`, operands);
  const { tensors, scalars, mask } = splitOperands(op, operands, params);
  return applyInPlace(op.variant(mask).primitive, tensors, scalars);
}

function notATensor(name: string, operands: readonly unknown[]): DTypeError {
  const kinds = operands.map((x) => (x instanceof Tensor ? 'Tensor' : x === null ? 'null' : typeof x));
  return new DTypeError(`${name}: expected tensors or numbers, got (${kinds.join(', ')})`);
}

/** 0-dimensional integers that meet uint8 tensors are converted to uint8. */
const asBytes = (x: Tensor): Tensor => (x.dtype === 'int32' ? to(x, 'uint8') : x);

/** The first `count` parameters stand for operands: where the operation is on bytes they wrap around. */
const bytesOf = (params: Params, count: number): Params =>
  count === 0 ? params : params.map((p, i) => (i < count ? p & 255 : p));

function makeVariant(spec: ElementwiseSpec, scalarMask: number): Variant {
  const { arity, name } = spec;
  const tensorOperands: number[] = [];
  let scalarCount = 0;
  // Which input or parameter stands for each operand.
  const source = Array.from({ length: arity }, (_, i) => {
    const scalar = (scalarMask & (1 << i)) !== 0;
    if (!scalar) tensorOperands.push(i);
    return scalar ? { param: scalarCount++ } : { input: tensorOperands.length - 1 };
  });
  const ownParams = Array.from({ length: 16 }, (_, i) => E.param(scalarCount + i));
  /** What the spec's expressions take, from the nodes of the operands that are tensors. */
  const nodesOf = (x: readonly Expr[]): Expr[] => [
    ...source.map((s) => ('param' in s ? E.param(s.param) : (x[s.input] as Expr))),
    ...ownParams,
  ];

  const kernels = kernelsOf(spec, tensorOperands.length, nodesOf);
  const gradients =
    spec.gradient === false
      ? []
      : operandGradients(
          (gradient) => new ElementwiseOp(gradient),
          name,
          tensorOperands.length,
          (g, x, y) => gradientExpressions(spec, g, nodesOf(x), y, tensorOperands),
        );

  const isCondition = spec.dtype === 'condition' && (scalarMask & 1) === 0;
  const commonType = (inputs: readonly Tensor[], params: Params): DType => {
    if (inputs.length === 1 && scalarCount === 0) return inputs[0]!.dtype;
    const scalars = scalarCount === 0 ? none : params.slice(0, scalarCount);
    return resultType(isCondition ? inputs.slice(1) : inputs, scalars);
  };
  const computeType = (inputs: readonly Tensor[], params: Params): DType => {
    const dtype = commonType(inputs, params);
    if (spec.dtype === 'float' && !isFloatingPoint(dtype)) return 'float32';
    return spec.dtype === 'number' && dtype === 'bool' ? 'int32' : dtype;
  };

  const wraps = spec.beyondByte !== 'keep' && arity > 1;
  const primitive = definePrimitive<Params, readonly Tensor[]>({
    name,
    overload: () => spec.overload?.(scalarMask) ?? 0,
    saves: gradients.reduce((bits, gradient) => bits | (gradient?.saves ?? 0), 0),
    writesAnywhere: true,
    infer(inputs, params) {
      let shape: Shape = inputs[0]!.shape;
      for (let i = 1; i < inputs.length; i++) {
        const other = inputs[i]!.shape;
        if (other !== shape) shape = broadcastShapes(shape, other, name);
      }
      const dtype = computeType(inputs, params);
      spec.check?.(dtype, inputs);
      return { shape, dtype: spec.dtype === 'bool' ? 'bool' : dtype };
    },
    kernel(inputs, params, out) {
      const dtype = computeType(inputs, params);
      const kernel = isFloatingPoint(dtype)
        ? kernels.float()
        : dtype === 'bool'
          ? kernels.bool()
          : kernels.integer();
      if (dtype === 'uint8' && wraps) {
        runElementwise(kernel, 'i32', inputs.map(asBytes), bytesOf(params, scalarCount), out);
      } else runElementwise(kernel, laneOf(dtype), inputs, params, out);
    },
    ...(spec.gradient === false
      ? {}
      : {
          derivative: (g, node) =>
            gradients.map((gradient, i) =>
              gradient === null || !node.needs(i) ? null : gradient.run(g, node, node.attrs),
            ),
        }),
  });
  return { primitive, tensorOperands };
}

/** The kernels of a variant, made when first needed: on floats, on integers, and on bools (whose results are 0 or 1). */
function kernelsOf(spec: ElementwiseSpec, inputs: number, nodesOf: (x: readonly Expr[]) => Expr[]) {
  const onIntegers = spec.integer ?? spec.expression;
  const toBool = (y: Expr): Expr => (y.kind === 'mask' ? y : E.toMask(y));
  const made = (build: (...nodes: Expr[]) => Expr): (() => ElementwiseKernel) => {
    let kernel: ElementwiseKernel | undefined;
    return () => (kernel ??= new ElementwiseKernel(spec.name, inputs, (...x) => build(...nodesOf(x))));
  };
  return {
    float: made(spec.expression),
    integer: made(onIntegers),
    bool: made((...nodes) => toBool(onIntegers(...nodes))),
  };
}

/** An elementwise function of one tensor, with the operation behind it, from which its in-place form is made. */
export interface UnaryFunction {
  (x: Tensor): Tensor;
  readonly op: ElementwiseOp;
}

/** The same of two operands. */
export interface BinaryFunction {
  (a: Operand, b: Operand): Tensor;
  readonly op: ElementwiseOp;
}

/** The in-place form of an elementwise function of one tensor, or of a tensor and another operand. */
export function inPlace(f: UnaryFunction): (x: Tensor) => Tensor;
export function inPlace(f: BinaryFunction): (x: Tensor, other: Operand) => Tensor;
export function inPlace(f: UnaryFunction | BinaryFunction): (...operands: Operand[]) => Tensor {
  return (...operands) => applyElementwiseInPlace(f.op, operands);
}
