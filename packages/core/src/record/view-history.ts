/** The history of a view whose base was changed in place after the view was made, or is changed by way of it. */
import { AutogradError } from '../errors.ts';
import type { Shape } from '../shape.ts';
import { autogradOf, onStaleView, requireUnfrozen, Tensor } from '../tensor.ts';
import { edgeOf, GradNode, moveRetained } from './node.ts';
import { announce } from './observe.ts';
import type { Primitive, ViewPrimitive } from './primitive.ts';

/** Where the elements of a view lie in its base, counted from the base's first one. */
interface BaseRegion {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The operations that a changed base is recorded by. */
interface RegionOperations {
  /** The part of a dense tensor that a region is. */
  readonly take: ViewPrimitive<BaseRegion>;
  /** A dense tensor with another at a region. */
  readonly put: Primitive<BaseRegion, [Tensor, Tensor]>;
  /** Whether a region has an element twice. */
  overlaps(region: BaseRegion): boolean;
}

let operations: RegionOperations | null = null;

/** @internal Says by which operations the base of a changed view is recorded: they are made where views are. */
export function setRegionOperations(given: RegionOperations): void {
  operations = given;
}

/**
 * The region of its base that a view is; `null` where that cannot be said: of bases that lie with gaps or otherwise
 * ordered.
 */
function regionOf(view: Tensor, base: Tensor): BaseRegion | null {
  if (operations === null || !base.dense || base.dtype !== view.dtype) return null;
  const region = { shape: view.shape, strides: view.strides, offset: view.offset - base.offset };
  return operations.overlaps(region) ? null : region;
}

/**
 * Makes a view that part of its base as it is now; the gradient that it retains is from now on that of the new value.
 */
function takeAnew(view: Tensor, base: Tensor, region: BaseRegion): void {
  requireUnfrozen('autograd', view);
  const state = autogradOf(view);
  const before = view.gradFn;
  state.baseRebinds = autogradOf(base).rebinds;
  view.gradFn = null;
  if (operations === null || edgeOf(base) === null) return;
  const node = announce(new GradNode(operations.take, [base], region)) as unknown as GradNode;
  node.setOutput(view);
  if (before !== null) moveRetained(view, before, node, 0);
  view.gradFn = node;
  state.outputNumber = 0;
}

/**
 * @internal Brings the history of a view up to date whose base was changed in place since; false where that cannot be.
 */
export function refreshView(view: Tensor): boolean {
  const { base } = autogradOf(view);
  const region = base === null ? null : regionOf(view, base);
  if (base === null || region === null) return false;
  takeAnew(view, base, region);
  return true;
}

/** @internal Whether a change in place of a view can be recorded: as one of its base. */
export const canChangeBase = (view: Tensor, base: Tensor): boolean => regionOf(view, base) !== null;

/**
 * @internal Records that an operation, of this node, changed a view in place: the base is from now on what it was, with
 * the node's output at the view's region, and the view that part of it. As PyTorch's `CopySlices`. Gives the tensor
 * that stands for the output.
 */
export function recordInBase(view: Tensor, base: Tensor, node: GradNode, output = 0): Tensor {
  const region = regionOf(view, base);
  if (region === null || operations === null)
    throw new AutogradError(`${node.name}: a change of this view cannot be recorded as one of its base`);
  const result = new Tensor(view.storage, view.shape, view.dtype, view.offset, view.strides);
  result.gradFn = node;
  autogradOf(result).outputNumber = output;
  const put = announce(new GradNode(operations.put, [base, result], region)) as unknown as GradNode;
  put.label = 'CopySlices';
  put.setOutput(base);
  if (base.gradFn !== null) moveRetained(base, base.gradFn, put, 0);
  base.gradFn = put;
  const state = autogradOf(base);
  state.outputNumber = 0;
  state.rebinds++;
  takeAnew(view, base, region);
  return result;
}

onStaleView((view) => void refreshView(view));
