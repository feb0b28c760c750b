import { canCast, isFloatingPoint, scalarNameOf } from '../dtype.ts';
import { AutogradError, DTypeError, ShapeError, ValueError } from '../errors.ts';
import { copyStrided, scatterStrided } from '../kernels/index.ts';
import { formatShape, sameSizes } from '../shape.ts';
import { autogradOf, emptyTensor, requireUnfrozen, type Tensor, unrecorded } from '../tensor.ts';
import { explained, gradNode, inferred, ofKernel, wantsGrad } from './apply.ts';
import { type Code, type Coded, coded } from './code.ts';
import { isRecording } from './flags.ts';
import { isInferenceModeEnabled } from './grad-mode.ts';
import { ALL_INPUTS, type GradNode, INPUT, moveRetained } from './node.ts';
import { notifyAfter, notifyBefore, observed, type Rerun, tracer } from './observe.ts';
import type { Meta, Primitive, Tensors } from './primitive.ts';
import { canChangeBase, recordInBase } from './view-history.ts';

/** The target as it is before an in-place change, for a derivative that reads it: PyTorch keeps such a copy too. */
function snapshot(target: Tensor): Tensor {
  const copy = emptyTensor(target.shape, target.dtype);
  copyStrided(target, copy.storage.array);
  tracer?.ran('clone', [target], undefined, [copy], snapshotAgain);
  copy.gradFn = target.gradFn;
  autogradOf(copy).outputNumber = autogradOf(target).outputNumber;
  return copy;
}

const snapshotAgain = /* @__PURE__ */ coded(
  ([x]: Tensors, _: unknown, [y]: Tensors) => copyStrided(x!, y!.storage.array),
  () => ({ by: 'name', name: 'clone', results: 'one' }),
);

/**
 * Runs an operation whose result takes the place of its first input. The derivative is that of the out-of-place
 * operation; where that reads the input's old value, a copy of it is kept.
 * @throws AutogradError or ValueError when the input may not change, ShapeError or DTypeError when it cannot hold the
 *   result
 */
export function applyInPlace<A, I extends Tensors>(primitive: Primitive<A, I>, inputs: I, attrs: A): Tensor {
  const target = inputs[0]!;
  const name = `${primitive.name}_`;
  if (observed) notifyBefore(name, inputs, attrs);
  const record = prepared(target, inputs, name) && primitive.differentiable;
  const meta = inferred(primitive, inputs, attrs);
  checkInPlaceResult(target, meta, name);
  let node: GradNode<A> | null = null;
  if (record) {
    const saves = primitive.saves ?? ALL_INPUTS;
    const readsOld = inputs.some((x, i) => x === target && (saves & INPUT(i)) !== 0);
    const old = readsOld ? snapshot(target) : target;
    const before = readsOld ? inputs.map((x) => (x === target ? old : x)) : inputs;
    node = gradNode(primitive, before, attrs);
  }
  try {
    writeInto(target, primitive, inputs, attrs);
  } catch (error) {
    throw ofKernel(error, name, meta.shape, inputs);
  }
  finishInPlace(target, node);
  if (observed) {
    tracer?.ran(name, inputs, attrs, [target], rerunInPlaceOf(primitive));
    notifyAfter(name, inputs, attrs, [target], primitive);
  }
  return target;
}

/** @internal Writes the result of an operation over its first input again. */
export function rerunInPlaceOf<A, I extends Tensors>(primitive: Primitive<A, I>): Rerun {
  const rerun: Rerun = (x, a, [y]) => writeInto(y!, primitive, x as unknown as I, a as A);
  const { code } = primitive;
  return code === undefined
    ? rerun
    : Object.assign(rerun, { code: (attrs: never): Code => ({ by: 'in place', operation: code(attrs) }) });
}

/** {@link prepareInPlace}, which reads what only tensors have. */
function prepared(target: Tensor, inputs: Tensors, name: string): boolean {
  try {
    return prepareInPlace(target, inputs, name);
  } catch (error) {
    throw explained(error, name, inputs);
  }
}

/** Writes the result, which has the target's shape, over the target. */
function writeInto<A, I extends Tensors>(
  target: Tensor,
  primitive: Primitive<A, I>,
  inputs: I,
  attrs: A,
): void {
  if (primitive.writesAnywhere === true) {
    primitive.kernel(inputs, attrs, target);
    return;
  }
  const { shape, dtype } = primitive.infer(inputs, attrs);
  const result = emptyTensor(shape, dtype);
  primitive.kernel(inputs, attrs, result);
  scatterStrided(result, target);
}

/**
 * @internal Changes tensors in place by `write`, which is no primitive's kernel: with the checks, the versions and the
 * word to observers that every change in place has. It is not recorded for backward: a tensor of which gradients are
 * recorded is refused, since they would go on to its old values; `severed` says that they do so no more.
 */
export function updateInPlace<A>(
  name: string,
  targets: Tensors,
  inputs: Tensors,
  attrs: A,
  write: Coded<(inputs: Tensors, attrs: A, targets: Tensors) => void>,
  severed = false,
): void {
  if (observed) notifyBefore(name, inputs, attrs);
  let isRecorded = false;
  for (const x of targets) isRecorded = prepared(x, inputs, name) || isRecorded;
  if (isRecorded && !severed) throw severing(name);
  try {
    write(inputs, attrs, targets);
  } catch (error) {
    throw ofKernel(error, name, targets[0]?.shape ?? [], inputs);
  }
  for (const x of targets) x.storage.version++;
  if (observed) {
    tracer?.ran(name, inputs, attrs, targets, write as Rerun);
    notifyAfter(name, inputs, attrs, targets, null);
  }
}

/** Whether several elements are one and the same in memory, as in an expanded tensor. */
function repeatsElements({ shape, strides }: Tensor): boolean {
  return shape.some((size, d) => size > 1 && strides[d] === 0);
}

/** @internal The checks that any in-place change makes first; returns whether it is to be recorded. */
export function prepareInPlace(target: Tensor, inputs: Tensors, name: string): boolean {
  const { inference, leafRequiresGrad, base, baseRebinds } = autogradOf(target);
  if (inference && !isInferenceModeEnabled()) {
    throw new AutogradError(
      `${name}: Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a ` +
        'normal tensor before doing inplace update.',
    );
  }
  if (!target.dense && name !== 'fill_' && name !== 'zero_' && repeatsElements(target)) {
    throw new ValueError(
      `${name}: unsupported operation: more than one element of the written-to tensor of shape ` +
        `${formatShape(target.shape)} refers to a single memory location, as it was expanded. Please clone() the tensor ` +
        'before performing the operation.',
    );
  }
  if (!isRecording()) return false;
  if (leafRequiresGrad) throw changedLeaf(name, 'a leaf Variable');
  const ofLeaf = base !== null && autogradOf(base).leafRequiresGrad;
  if (ofLeaf && baseRebinds !== unrecorded) throw changedLeaf(name, 'a view of a leaf Variable');
  // Such a view requires no gradient, but its memory is that of what does.
  if (baseRebinds === unrecorded && base?.requiresGrad === true) throw viewUnrecorded(name);
  if (!wantsGrad(inputs, name)) return false;
  if (baseRebinds === unrecorded) throw viewUnrecorded(name);
  if (!isFloatingPoint(target.dtype)) return false;
  for (const x of [target, base]) if (x !== null) requireUnfrozen(name, x);
  if (base !== null && !canChangeBase(target, base)) {
    throw new AutogradError(
      `${name}: a view that overlaps itself, or of a base that is not contiguous, is being changed in place while gradients are ` +
        'recorded, which Kindling does not follow. Make the base contiguous() first, change it with indexPut or where, or build it ' +
        'with cat or stack; under noGrad, and where no input requires a gradient, views can be changed freely',
    );
  }
  return true;
}

const viewUnrecorded = (name: string): AutogradError =>
  new AutogradError(
    `${name}: a view was created in no_grad mode and is being modified inplace with grad mode enabled, so that its base would not know of ` +
      'the gradients; take the view outside of noGrad, or change it inside',
  );

const severing = (name: string): AutogradError =>
  new AutogradError(
    `${name}: a tensor is changed in place by what has no derivative while gradients are recorded: those of its old values would not ` +
      'know of it; wrap the update in noGrad(() => ...), or detach what it reads and writes',
  );

function changedLeaf(name: string, what: string): AutogradError {
  return new AutogradError(
    `${name}: ${what} that requires grad is being used in an in-place operation; ` +
      'wrap the update in noGrad(() => ...), or write it out of place',
  );
}

/** Counts the change and gives the target its new place in the graph. */
function finishInPlace<A>(target: Tensor, node: GradNode<A> | null): void {
  target.storage.version++;
  if (node === null) return;
  const place = node as unknown as GradNode;
  const { base } = autogradOf(target);
  if (base !== null) {
    node.setOutput(recordInBase(target, base, place));
    return;
  }
  if (target.gradFn !== null) moveRetained(target, target.gradFn, place, 0);
  target.gradFn = place;
  const state = autogradOf(target);
  state.outputNumber = 0;
  state.rebinds++;
  node.setOutput(target);
}

function checkInPlaceResult(target: Tensor, meta: Meta, name: string): void {
  if (target.shape !== meta.shape && !sameSizes(target.shape, meta.shape)) {
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
