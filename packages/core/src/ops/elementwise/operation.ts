import { type DType, isFloatingPoint, laneOf } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { ElementwiseKernel, runElementwise } from '../../kernels/elementwise/elementwise.ts';
import { differentiate, inputsOf } from '../../kernels/expression/differentiate.ts';
import type { Expr } from '../../kernels/expression/index.ts';
import * as E from '../../kernels/expression/index.ts';
import {
  apply,
  applyInPlace,
  definePrimitive,
  INPUT,
  OUTPUT,
  type Primitive,
} from '../../record/primitive.ts';
import { broadcastShapes, type Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { copyInto, to } from '../creation/copy.ts';
import { resultType } from './result-type.ts';

/** What an elementwise operation takes for an operand: a number follows PyTorch's rule for Python scalars. */
export type Operand = Tensor | number | boolean;

/** The gradient of each operand as an expression in g, the operands, the result and the parameters. */
type GradientRule = (g: Expr, x: readonly Expr[], y: Expr, p: readonly Expr[]) => readonly (Expr | null)[];

/** An elementwise operation, declared as a scalar expression over its operands `x` and its parameters `p`. */
export interface ElementwiseSpec {
  readonly name: string;
  readonly arity: number;
  readonly expression: (x: readonly Expr[], p: readonly Expr[]) => Expr;
  /**
   * The dtype rule. `promote`: the operands' common dtype. `float`: the same, integers becoming float32.
   * `number`: the same, bools becoming int32. `bool`: compares in the common dtype.
   * `condition`: the first operand is a condition, the others promote.
   */
  readonly dtype?: 'promote' | 'float' | 'number' | 'bool' | 'condition';
  /** Computes with integers where the inputs are integers; given where it differs from `expression`. */
  readonly integer?: (x: readonly Expr[], p: readonly Expr[]) => Expr;
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
  return applyInPlace(op.variant(mask).primitive, tensors, scalars, copyInto);
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
  const operandNodes = (input: (i: number) => Expr): Expr[] =>
    source.map((s) => ('param' in s ? E.param(s.param!) : input(s.input!)));
  const ownParams = Array.from({ length: 16 }, (_, i) => E.param(scalarCount + i));
  const build =
    (expression: ElementwiseSpec['expression']) =>
    (x: readonly Expr[]): Expr =>
      expression(
        operandNodes((i) => x[i]!),
        ownParams,
      );

  const kernels = kernelsOf(spec, tensorOperands.length, build);
  const gradients =
    spec.gradient === false ? null : gradientsOf(spec, tensorOperands, operandNodes, ownParams);
  let saves = 0;
  if (gradients !== null) for (const gradient of gradients()) saves |= gradient?.saves ?? 0;

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
  const primitive = definePrimitive<Params>({
    name,
    overload: () => spec.overload?.(scalarMask) ?? 0,
    saves,
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
    ...(gradients === null
      ? {}
      : {
          derivative: (g, node) => {
            const list = gradients();
            const result = new Array<Tensor | null>(list.length);
            for (let i = 0; i < list.length; i++) {
              const gradient = list[i];
              result[i] = gradient == null || !node.needs(i) ? null : gradient.run(g, node);
            }
            return result;
          },
        }),
  });
  return { primitive, tensorOperands };
}

/** The kernels of a variant, made when first needed: on floats, on integers, and on bools (whose results are 0 or 1). */
function kernelsOf(
  spec: ElementwiseSpec,
  inputs: number,
  build: (e: ElementwiseSpec['expression']) => (x: readonly Expr[]) => Expr,
) {
  let float: ElementwiseKernel | undefined;
  let integer: ElementwiseKernel | undefined;
  let bool: ElementwiseKernel | undefined;
  const onIntegers = spec.integer ?? spec.expression;
  return {
    float: () => (float ??= new ElementwiseKernel(spec.name, inputs, build(spec.expression))),
    integer: () => (integer ??= new ElementwiseKernel(spec.name, inputs, build(onIntegers))),
    bool: () =>
      (bool ??= new ElementwiseKernel(spec.name, inputs, (x) => {
        const y = build(onIntegers)(x);
        return y.kind === 'mask' ? y : E.toMask(y);
      })),
  };
}

let nextDropped = 1000;

/** Operands that drop out still need a node, distinct from all others at every order, to be differentiated by. */
function droppedInputs(): (i: number) => Expr {
  const nodes = new Map<number, Expr>();
  return (i) => {
    let node = nodes.get(i);
    if (node === undefined) {
      node = E.input(nextDropped++);
      nodes.set(i, node);
    }
    return node;
  };
}

interface Gradient {
  readonly saves: number;
  run(g: Tensor, node: Parameters<Primitive<Params>['backward']>[1]): Tensor;
}

/**
 * The gradient of each tensor operand as an elementwise operation of its own, which reads g, and those operands and the
 * result that occur in it. Found by differentiating the expression, unless the spec states it.
 */
function gradientsOf(
  spec: ElementwiseSpec,
  tensorOperands: readonly number[],
  operandNodes: (input: (i: number) => Expr) => Expr[],
  params: readonly Expr[],
): () => readonly (Gradient | null)[] {
  const count = tensorOperands.length;
  // g is input 0, tensor operand i input i + 1, the result the last.
  const expressionsOver = (input: (i: number) => Expr): readonly (Expr | null)[] => {
    const x = operandNodes((i) => input(i + 1));
    const g = input(0);
    if (spec.gradient)
      return tensorOperands.map((i) => (spec.gradient as GradientRule)(g, x, input(count + 1), params)[i]!);
    const plain = spec.expression(
      operandNodes((i) => E.input(i)),
      params,
    );
    const y = spec.expression(x, params);
    return tensorOperands.map((_, i) => {
      if (plain.kind !== 'value') return null;
      const slope = differentiateAt(y, x, i);
      return slope === null ? null : slope.op === 'constant' && slope.attribute === 1 ? g : E.mul(g, slope);
    });
  };
  const differentiateAt = (y: Expr, x: readonly Expr[], i: number): Expr | null => {
    const node = x[tensorOperands[i]!]!;
    return node.op === 'input' ? differentiate(y, node.attribute as number) : null;
  };

  let made: readonly (Gradient | null)[] | undefined;
  const make = (): readonly (Gradient | null)[] => {
    const general = expressionsOver(E.input);
    return general.map((expression, k) => {
      if (expression === null) return null;
      if (expression.op === 'input' && expression.attribute === 0) return { saves: 0, run: (g) => g };
      const used = [...inputsOf(expression)].filter((i) => i > 0).sort((a, b) => a - b);
      const position = new Map([0, ...used].map((i, at) => [i, at]));
      const op = new ElementwiseOp({
        name: `${spec.name}_backward`,
        arity: used.length + 1,
        expression: (x) => {
          const dropped = droppedInputs();
          return expressionsOver((i) => x[position.get(i) ?? -1] ?? dropped(i))[k]!;
        },
      });
      let saves = 0;
      for (const i of used) saves |= i === count + 1 ? OUTPUT : INPUT(i - 1);
      return {
        saves,
        run(g, node) {
          const inputs = [g];
          for (const i of used) inputs.push(i === count + 1 ? node.output() : node.input(i - 1));
          return apply(op.variant(0).primitive, inputs, node.attrs);
        },
      };
    });
  };
  return () => (made ??= make());
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
