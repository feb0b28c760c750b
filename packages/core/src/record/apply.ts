import { isFloatingPoint } from '../dtype.ts';
import { AutogradError, calledAs, ShapeError } from '../errors.ts';
import { BeyondInt32 } from '../kernels/index.ts';
import { camelCase } from '../names.ts';
import { checkNumel, formatShape, maxElements, type Shape } from '../shape.ts';
import { MemoryGone, TooLarge } from '../storage.ts';
import { autogradOf, emptyTensor, isStale, requireTensors, Tensor, unrecorded } from '../tensor.ts';
import { isRecording } from './flags.ts';
import { isInferenceModeEnabled } from './grad-mode.ts';
import { type Differentiable, GradNode, gradFnName } from './node.ts';
import { announce, notifyAfter, notifyBefore, observed, type Rerun, tracer } from './observe.ts';
import type { Meta, MultiPrimitive, Primitive, Tensors, ViewPrimitive } from './primitive.ts';
import { refreshView } from './view-history.ts';

/**
 * @internal Whether a gradient must be recorded for these inputs; brings views up to date whose base was changed in
 *   place, or refuses them.
 */
export function wantsGrad(inputs: Tensors, name: string): boolean {
  let wants = false;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    const x = autogradOf(input);
    // Also where the view itself wants no gradient: its base may by now be the result of what does.
    if (x.base !== null && isStale(input) && !refreshView(input)) throw staleView(name, i);
    if (x.gradFn !== null || x.leafRequiresGrad) wants = true;
  }
  return wants;
}

function staleView(name: string, i: number): AutogradError {
  return new AutogradError(
    `${name}: input ${i} is a view whose base was changed in place after the view was made, and its place there cannot be recorded, ` +
      'as it overlaps itself or the base is not contiguous; take the view again after the change, or use the out-of-place operation',
  );
}

/** @internal Records an operation: the node that stands for it in the graph. */
export function gradNode<A>(primitive: Differentiable<A>, inputs: Tensors, attrs: A): GradNode<A> {
  return announce(new GradNode(primitive, inputs, attrs));
}

/** {@link gradNode} of an operation of one result. */
function recordOf<A>(primitive: Differentiable<A>, inputs: Tensors, attrs: A, out: Tensor): void {
  const node = gradNode(primitive, inputs, attrs);
  out.gradFn = node as GradNode;
  node.setOutput(out);
}

/** @internal An error, unless it comes of an input that is no tensor: then one that says so. */
export function explained(error: unknown, name: string, inputs: readonly unknown[]): unknown {
  requireTensors(publicName(name), ...inputs);
  return error;
}

/** @internal What `infer` says of the results. */
export function inferred<A, I extends Tensors, M>(
  primitive: { name: string; infer(inputs: I, attrs: A): M },
  inputs: I,
  attrs: A,
): M {
  try {
    return primitive.infer(inputs, attrs);
  } catch (error) {
    throw explained(error, primitive.name, inputs);
  }
}

/** What those are called as whose gradFn bears another name in PyTorch. */
const publicNames: Readonly<Record<string, string>> = {
  constant_pad_nd: 'pad',
  linalg_svd: 'linalg.svd',
  linalg_vector_norm: 'linalg.vectorNorm',
  mm: 'matmul',
  pair_dots: 'cdist',
  pair_sums: 'cdist',
  to_copy: 'to',
  _unsafe_view: 'reshape',
};

/** @internal An operation's public name: PyTorch's, in camelCase. */
export const publicName = (name: string): string =>
  publicNames[name] ?? camelCase(name.replace(/^special_/, 'special.'));

/** @internal What the runtime says where memory for an array, or for the kernels, cannot be had. */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof RangeError &&
  /allocation failed|array length|Memory\.grow|out of memory/i.test(error.message);

/** @internal An error of a kernel, or of making room for its results, which do not know for what operation. */
export function ofKernel(error: unknown, name: string, shape: Shape, inputs: Tensors): unknown {
  if (error instanceof MemoryGone) return calledAs(publicName(name), error);
  if (error instanceof BeyondInt32) return error.named(publicName(name));
  if (error instanceof TooLarge) return error.named(publicName(name), shape);
  if (!isOutOfMemory(error)) return explained(error, name, inputs);
  return new ShapeError(
    `${publicName(name)}: there is not enough memory for the work on a result of shape ${formatShape(shape)}: ` +
      (error as Error).message,
  );
}

/**
 * Runs an operation, the one way to do so: result's shape and dtype, kernel, and the place in the graph. Kindling's
 * own.
 * @throws KindlingError where the operation's `infer` or kernel refuses the inputs; AutogradError where an input is a
 *   view whose base was changed in place since, where its place there cannot be recorded
 */
export function apply<A, I extends Tensors>(primitive: Primitive<A, I>, inputs: I, attrs: A): Tensor {
  if (observed) notifyBefore(primitive.name, inputs, attrs);
  const meta = inferred(primitive, inputs, attrs);
  let out: Tensor;
  try {
    out = emptyTensor(meta.shape, meta.dtype);
    primitive.kernel(inputs, attrs, out);
  } catch (error) {
    throw ofKernel(error, primitive.name, meta.shape, inputs);
  }
  if (isRecording()) {
    if (primitive.differentiable && wantsGrad(inputs, primitive.name) && isFloatingPoint(meta.dtype))
      recordOf(primitive, inputs, attrs, out);
  } else if (isInferenceModeEnabled()) autogradOf(out).inference = true;
  if (observed) tellRan(primitive, inputs, attrs, [out], rerunOf(primitive));
  return out;
}

/**
 * Tells observers and tracers of what has run; apart, as what is seldom needed must not stand in the way of inlining.
 */
function tellRan<A>(
  primitive: Differentiable<A>,
  inputs: Tensors,
  attrs: A,
  outs: Tensors,
  rerun: Rerun | null,
): void {
  tracer?.ran(primitive.name, inputs, attrs, outs, rerun);
  notifyAfter(primitive.name, inputs, attrs, outs, primitive);
}

// Not in place: a function that a closure takes parameters of makes room for them on the heap, at each call.
/** @internal Runs the kernel of an operation again. */
export const rerunOf = <A, I extends Tensors>(primitive: Primitive<A, I>): Rerun =>
  withCode((x, a, [y]) => primitive.kernel(x as unknown as I, a as A, y!), primitive);
/** @internal {@link rerunOf} for several results. */
export const rerunMultiOf = <A, I extends Tensors, O extends Tensors>(
  primitive: MultiPrimitive<A, I, O>,
): Rerun => withCode((x, a, y) => primitive.kernel(x as unknown as I, a as A, y as unknown as O), primitive);

const withCode = <A>(rerun: Rerun, { code }: Differentiable<A>): Rerun =>
  code === undefined ? rerun : Object.assign(rerun, { code });

const emptyOf = ({ shape, dtype }: Meta): Tensor => emptyTensor(shape, dtype);
const isFloating = (x: Tensor): boolean => isFloatingPoint(x.dtype);

/** {@link apply} for an operation that has several results. */
export function applyMulti<A, I extends Tensors, O extends Tensors>(
  primitive: MultiPrimitive<A, I, O>,
  inputs: I,
  attrs: A,
): O {
  if (observed) notifyBefore(primitive.name, inputs, attrs);
  const metas: readonly Meta[] = inferred(primitive, inputs, attrs);
  let outs: Tensors;
  try {
    outs = metas.map(emptyOf);
    primitive.kernel(inputs, attrs, outs as O);
  } catch (error) {
    throw ofKernel(error, primitive.name, metas[0]?.shape ?? [], inputs);
  }
  if (isRecording()) {
    if (primitive.differentiable && wantsGrad(inputs, primitive.name) && outs.some(isFloating)) {
      const node = gradNode(primitive, inputs, attrs) as GradNode;
      for (let i = 0; i < outs.length; i++) {
        const y = outs[i]!;
        if (!isFloating(y)) continue;
        y.gradFn = node;
        autogradOf(y).outputNumber = i;
      }
      node.setOutputs(outs);
    }
  } else if (isInferenceModeEnabled()) for (const y of outs) autogradOf(y).inference = true;
  if (observed) tellRan(primitive, inputs, attrs, outs, rerunMultiOf(primitive));
  return outs as O;
}

function aliased<A>(
  primitive: ViewPrimitive<A>,
  input: Tensor,
  attrs: A,
): ReturnType<typeof primitive.alias> {
  try {
    return primitive.alias(input, attrs);
  } catch (error) {
    throw explained(error, primitive.name, [input]);
  }
}

/** {@link apply} for a view: the result shares the input's memory. */
export function applyView<A>(primitive: ViewPrimitive<A>, input: Tensor, attrs: A): Tensor {
  if (input?.storage === undefined) requireTensors(primitive.name, input);
  const inputs = [input];
  if (observed) notifyBefore(primitive.name, inputs, attrs);
  const { shape, strides, offset } = aliased(primitive, input, attrs);
  const out = new Tensor(input.storage, shape, input.dtype, offset, strides);
  if (out.count > maxElements) checkNumel(shape, out.count, publicName(primitive.name));
  const of = autogradOf(input);
  const view = autogradOf(out);
  view.inference = of.inference;
  if (primitive.differentiable && isRecording()) {
    // First, as it brings up to date what the input knows of its base.
    const wants = wantsGrad(inputs, primitive.name);
    // A view of a leaf without gradient is remembered too: writing into it in place would escape the graph.
    view.base = of.base ?? input;
    view.baseRebinds = of.base === null ? of.rebinds : of.baseRebinds;
    if (wants) recordOf(primitive, inputs, attrs, out);
  } else if (primitive.differentiable) {
    view.base = of.base ?? input;
    view.baseRebinds = unrecorded;
  }
  if (observed) tellRan(primitive, inputs, attrs, [out], null);
  return out;
}

/**
 * The result of an operation that is composed of others, under the name that PyTorch's has: its gradFn prints as
 * `<RepeatBackward0>`, not as the last operation of the composition. `name` is the operation's, or the node's own where it
 * is no first form, as `'SqueezeBackward1'`. Kindling's own.
 */
export function composed(name: string, result: Tensor, ...inputs: readonly Tensor[]): Tensor {
  const node = result.gradFn;
  if (node !== null && inputs.every((x) => x.gradFn !== node))
    node.label = name.includes('Backward') ? name : gradFnName(name);
  return result;
}
