import { canCast, type DType, isFloatingPoint, scalarNameOf } from '../dtype.ts';
import { AutogradError, DTypeError, KindlingError, ShapeError, ValueError } from '../errors.ts';
import { formatShape, type Shape, sameShape } from '../shape.ts';
import { emptyTensor, requireTensors, Tensor } from '../tensor.ts';
import { isGradEnabled, isInferenceModeEnabled } from './grad-mode.ts';
import { ALL_INPUTS, GradNode, gradFnName, INPUT, moveRetained } from './node.ts';

export { OUTPUT } from './node.ts';
export type { GradNode };

/** What is known of a result before it is computed. */
export interface Meta {
  readonly shape: Shape;
  readonly dtype: DType;
}

interface PrimitiveBase<A> {
  /** PyTorch's name: `log_softmax` makes results whose gradFn prints as `<LogSoftmaxBackward0>`. */
  readonly name: string;
  /** PyTorch numbers the overloads of an operation: this is the number behind the name. Default: 0. */
  overload?(attrs: A): number;
  /** Which inputs and outputs the derivative reads: `INPUT(0) | OUTPUT`. Only these are kept for backward. */
  readonly saves?: number;
  /** @internal The derivative in the form that the engine calls; made by the `define...` functions. */
  backward(grads: readonly (Tensor | null)[], node: GradNode<A>): readonly (Tensor | null)[];
  /** @internal Whether the results of this primitive can require a gradient. */
  readonly differentiable: boolean;
}

/** An operation with one result. */
export interface Primitive<A = undefined> extends PrimitiveBase<A> {
  /** The shape and dtype rule; throws where the inputs do not fit. */
  infer(inputs: readonly Tensor[], attrs: A): Meta;
  /** Fills `out`, a fresh contiguous tensor. */
  kernel(inputs: readonly Tensor[], attrs: A, out: Tensor): void;
  /** Whether `kernel` can also write into any tensor of the result's shape, be it one of the inputs. */
  readonly writesAnywhere?: boolean;
}

/** An operation with several results. */
export interface MultiPrimitive<A = undefined> extends PrimitiveBase<A> {
  infer(inputs: readonly Tensor[], attrs: A): readonly Meta[];
  kernel(inputs: readonly Tensor[], attrs: A, outs: readonly Tensor[]): void;
}

/** An operation whose result shares the memory of its input. */
export interface ViewPrimitive<A = undefined> extends PrimitiveBase<A> {
  alias(input: Tensor, attrs: A): { shape: Shape; strides: readonly number[]; offset: number };
}

type Gradients = readonly (Tensor | null)[];
type Defined<P, D> = Omit<P, 'backward' | 'differentiable'> & { derivative?: D };

function notDifferentiable(name: string): never {
  throw new AutogradError(`the derivative for '${name}' is not implemented`);
}

/**
 * Declares an operation in one place: shape and dtype rule, kernel, derivative.
 *
 * `derivative(g, node)` gets the gradient of the result and returns one of each input (`null` where `node.needs(i)` is
 * false or there is none), written with tensor operations, so that it can itself be differentiated. It may return
 * gradients of a shape to which the input was broadcast, and of another floating dtype: the engine fits them.
 */
export function definePrimitive<A = undefined>(
  spec: Defined<Primitive<A>, (g: Tensor, node: GradNode<A>) => Gradients>,
): Primitive<A> {
  const { derivative } = spec;
  return {
    ...spec,
    differentiable: derivative !== undefined,
    backward:
      derivative === undefined
        ? () => notDifferentiable(spec.name)
        : (grads, node) => derivative(grads[0]!, node),
  };
}

/** {@link definePrimitive} for several results: `derivative` gets a gradient, or `null`, for each of them. */
export function defineMulti<A = undefined>(
  spec: Defined<MultiPrimitive<A>, (grads: Gradients, node: GradNode<A>) => Gradients>,
): MultiPrimitive<A> {
  const { derivative } = spec;
  return {
    ...spec,
    differentiable: derivative !== undefined,
    backward: derivative ?? (() => notDifferentiable(spec.name)),
  };
}

/** {@link definePrimitive} for views; `derivative` reads no saved tensor. */
export function defineView<A = undefined>(
  spec: Omit<Defined<ViewPrimitive<A>, (g: Tensor, node: GradNode<A>) => Tensor>, 'saves'>,
): ViewPrimitive<A> {
  const { derivative } = spec;
  return {
    ...spec,
    saves: 0,
    differentiable: derivative !== undefined,
    backward:
      derivative === undefined
        ? () => notDifferentiable(spec.name)
        : (grads, node) => [derivative(grads[0]!, node)],
  };
}

/** Sees every operation as it runs: profilers, tracers and anomaly mode install one. */
export interface Observer {
  before?(name: string, inputs: readonly Tensor[], attrs: unknown): void;
  after?(name: string, inputs: readonly Tensor[], attrs: unknown, outputs: readonly Tensor[]): void;
  /** Called for each node recorded for backward. */
  recorded?(node: GradNode<never>): void;
}

const observers: Observer[] = [];
let observed = false;

/** Adds an observer of every operation; the returned function removes it. */
export function observe(observer: Observer): () => void {
  observers.push(observer);
  observed = true;
  return () => {
    const i = observers.indexOf(observer);
    if (i >= 0) observers.splice(i, 1);
    observed = observers.length > 0;
  };
}

function notifyBefore(name: string, inputs: readonly Tensor[], attrs: unknown): void {
  for (const o of observers) o.before?.(name, inputs, attrs);
}

function notifyAfter(
  name: string,
  inputs: readonly Tensor[],
  attrs: unknown,
  outputs: readonly Tensor[],
): void {
  for (const o of observers) o.after?.(name, inputs, attrs, outputs);
}

/** @internal Tells observers of an update in place that is no primitive's. */
export function notifyUpdate(
  name: string,
  inputs: readonly Tensor[],
  attrs: unknown,
  outputs: readonly Tensor[],
): void {
  if (!observed) return;
  notifyBefore(name, inputs, attrs);
  notifyAfter(name, inputs, attrs, outputs);
}

/** Whether a gradient must be recorded for these inputs; also refuses views that an in-place change left behind. */
function wantsGrad(inputs: readonly Tensor[], name: string): boolean {
  let wants = false;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]!;
    // Also where the view itself wants no gradient: its base may by now be the result of what does.
    if (x.base !== null && x.base.rebinds !== x.baseRebinds) throw staleView(name, i);
    if (x.gradFn !== null || x.leafRequiresGrad) wants = true;
  }
  return wants;
}

function staleView(name: string, i: number): AutogradError {
  return new AutogradError(
    `${name}: input ${i} is a view whose base was changed in place after the view was made, so its recorded history ` +
      'no longer tells how it came about; take the view again after the change, or use the out-of-place operation',
  );
}

/** @internal Records an operation: for in-place operations that have no kernel of the common form. */
export function gradNode<A>(primitive: PrimitiveBase<A>, inputs: readonly Tensor[], attrs: A): GradNode<A> {
  return announce(new GradNode(primitive, inputs, attrs));
}

/** @internal Shows a node to the observers: for kinds of nodes that are made elsewhere. */
export function announce<A, N extends GradNode<A>>(node: N): N {
  if (observed) for (const o of observers) o.recorded?.(node as unknown as GradNode<never>);
  return node;
}

/** An error of `infer`, unless it comes of an input that is no tensor: then one that says so. */
function explained(error: unknown, name: string, inputs: readonly unknown[]): unknown {
  if (error instanceof KindlingError) return error;
  requireTensors(name, ...inputs);
  return error;
}

function inferred<A, M>(
  primitive: { name: string; infer(inputs: readonly Tensor[], attrs: A): M },
  inputs: readonly Tensor[],
  attrs: A,
): M {
  try {
    return primitive.infer(inputs, attrs);
  } catch (error) {
    throw explained(error, primitive.name, inputs);
  }
}

/** Runs an operation: the one way to do so. */
export function apply<A>(primitive: Primitive<A>, inputs: readonly Tensor[], attrs: A): Tensor {
  if (observed) notifyBefore(primitive.name, inputs, attrs);
  const meta = inferred(primitive, inputs, attrs);
  const out = emptyTensor(meta.shape, meta.dtype);
  primitive.kernel(inputs, attrs, out);
  if (isGradEnabled()) {
    if (primitive.differentiable && wantsGrad(inputs, primitive.name) && isFloatingPoint(meta.dtype)) {
      const node = gradNode(primitive, inputs, attrs);
      out.gradFn = node;
      node.setOutput(out);
    }
  } else if (isInferenceModeEnabled()) out.inference = true;
  if (observed) notifyAfter(primitive.name, inputs, attrs, [out]);
  return out;
}

/** Runs an operation that has several results. */
export function applyMulti<A>(primitive: MultiPrimitive<A>, inputs: readonly Tensor[], attrs: A): Tensor[] {
  if (observed) notifyBefore(primitive.name, inputs, attrs);
  const outs = inferred(primitive, inputs, attrs).map((meta) => emptyTensor(meta.shape, meta.dtype));
  primitive.kernel(inputs, attrs, outs);
  if (isGradEnabled()) {
    if (
      primitive.differentiable &&
      wantsGrad(inputs, primitive.name) &&
      outs.some((y) => isFloatingPoint(y.dtype))
    ) {
      const node = gradNode(primitive, inputs, attrs);
      for (let i = 0; i < outs.length; i++) {
        const y = outs[i]!;
        if (!isFloatingPoint(y.dtype)) continue;
        y.gradFn = node as GradNode;
        y.outputNumber = i;
      }
      node.setOutputs(outs);
    }
  } else if (isInferenceModeEnabled()) for (const y of outs) y.inference = true;
  if (observed) notifyAfter(primitive.name, inputs, attrs, outs);
  return outs;
}

/** Runs a view: the result shares the input's memory. */
export function applyView<A>(primitive: ViewPrimitive<A>, input: Tensor, attrs: A): Tensor {
  if (input?.storage === undefined) requireTensors(primitive.name, input);
  const inputs = [input];
  if (observed) notifyBefore(primitive.name, inputs, attrs);
  const { shape, strides, offset } = primitive.alias(input, attrs);
  const out = new Tensor(input.storage, shape, input.dtype, offset, strides);
  out.inference = input.inference;
  if (primitive.differentiable && isGradEnabled()) {
    // A view of a leaf without gradient is remembered too: writing into it in place would escape the graph.
    const base = input.base ?? input;
    out.base = base;
    out.baseRebinds = input.base === null ? base.rebinds : input.baseRebinds;
    if (wantsGrad(inputs, primitive.name)) {
      const node = gradNode(primitive, inputs, attrs);
      out.gradFn = node as GradNode;
      node.setOutput(out);
    }
  }
  if (observed) notifyAfter(primitive.name, inputs, attrs, [out]);
  return out;
}

/** The target as it is before an in-place change, for a derivative that reads it: PyTorch keeps such a copy too. */
function snapshot(target: Tensor, copyInto: (target: Tensor, source: Tensor) => void): Tensor {
  const copy = emptyTensor(target.shape, target.dtype);
  copyInto(copy, target);
  copy.gradFn = target.gradFn;
  copy.outputNumber = target.outputNumber;
  return copy;
}

/**
 * Runs an operation whose result takes the place of its first input. The derivative is that of the out-of-place
 * operation; where that reads the input's old value, a copy of it is kept.
 *
 * `copyInto` copies between tensors of any layout.
 */
export function applyInPlace<A>(
  primitive: Primitive<A>,
  inputs: readonly Tensor[],
  attrs: A,
  copyInto: (target: Tensor, source: Tensor) => void,
): Tensor {
  const target = inputs[0]!;
  const name = `${primitive.name}_`;
  if (observed) notifyBefore(name, inputs, attrs);
  const record = prepareInPlace(target, inputs, name) && primitive.differentiable;
  const meta = inferred(primitive, inputs, attrs);
  checkInPlaceResult(target, meta, name);
  let node: GradNode<A> | null = null;
  if (record) {
    const saves = primitive.saves ?? ALL_INPUTS;
    const readsOld = inputs.some((x, i) => x === target && (saves & INPUT(i)) !== 0);
    const old = readsOld ? snapshot(target, copyInto) : target;
    const before = readsOld ? inputs.map((x) => (x === target ? old : x)) : inputs;
    node = gradNode(primitive, before, attrs);
  }
  if (primitive.writesAnywhere === true) {
    primitive.kernel(inputs, attrs, target);
  } else {
    const result = emptyTensor(meta.shape, meta.dtype);
    primitive.kernel(inputs, attrs, result);
    copyInto(target, result);
  }
  finishInPlace(target, node);
  if (observed) notifyAfter(name, inputs, attrs, [target]);
  return target;
}

/** Whether several elements are one and the same in memory, as in an expanded tensor. */
function repeatsElements({ shape, strides }: Tensor): boolean {
  for (let d = 0; d < shape.length; d++) if (strides[d] === 0 && shape[d]! > 1) return true;
  return false;
}

/** The checks that any in-place change makes first; returns whether it is to be recorded. */
export function prepareInPlace(target: Tensor, inputs: readonly Tensor[], name: string): boolean {
  if (target.inference && !isInferenceModeEnabled()) {
    throw new AutogradError(
      `${name}: Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a ` +
        'normal tensor before doing inplace update.',
    );
  }
  if (!target.dense && name !== 'fill_' && repeatsElements(target)) {
    throw new ValueError(
      `${name}: unsupported operation: more than one element of the written-to tensor of shape ` +
        `${formatShape(target.shape)} refers to a single memory location, as it was expanded. Please clone() the tensor ` +
        'before performing the operation.',
    );
  }
  if (!isGradEnabled()) return false;
  if (target.leafRequiresGrad) {
    throw new AutogradError(
      `${name}: a leaf Variable that requires grad is being used in an in-place operation; ` +
        'wrap the update in noGrad(() => ...), or write it out of place',
    );
  }
  if (target.base?.leafRequiresGrad === true) {
    throw new AutogradError(
      `${name}: a view of a leaf Variable that requires grad is being used in an in-place operation; ` +
        'wrap the update in noGrad(() => ...), or write it out of place',
    );
  }
  if (!wantsGrad(inputs, name)) return false;
  if (!isFloatingPoint(target.dtype)) return false;
  if (target.base !== null) {
    throw new AutogradError(
      `${name}: a view is being changed in place while gradients are recorded, which Kindling does not follow: ` +
        'the base would have to be recorded too. Change the base with indexPut or where, or build it with cat or ' +
        'stack; under noGrad, and where no input requires a gradient, views can be changed freely',
    );
  }
  return true;
}

/** Counts the change and gives the target its new place in the graph. */
export function finishInPlace<A>(target: Tensor, node: GradNode<A> | null): void {
  target.storage.version++;
  if (node === null) return;
  if (target.gradFn !== null) moveRetained(target, target.gradFn, node as unknown as GradNode, 0);
  target.gradFn = node as unknown as GradNode;
  target.outputNumber = 0;
  target.rebinds++;
  node.setOutput(target);
}

function checkInPlaceResult(target: Tensor, meta: Meta, name: string): void {
  if (!sameShape(target.shape, meta.shape)) {
    throw new ShapeError(
      `${name}: output with shape ${formatShape(target.shape)} doesn't match the broadcast shape ${formatShape(meta.shape)}`,
    );
  }
  if (!canCast(meta.dtype, target.dtype)) {
    throw new DTypeError(
      `${name}: result type ${scalarNameOf(meta.dtype)} can't be cast to the desired output type ${scalarNameOf(target.dtype)}`,
    );
  }
}

export { ALL_INPUTS, gradFnName, INPUT };

/**
 * The result of an operation that is composed of others, under the name that PyTorch's has: its gradFn prints as
 * `<RepeatBackward0>`, not as the last operation of the composition.
 */
export function composed(name: string, result: Tensor, ...inputs: readonly Tensor[]): Tensor {
  const node = result.gradFn;
  if (node !== null && inputs.every((x) => x.gradFn !== node)) node.label = gradFnName(name);
  return result;
}
