import type { DType, TypedArray } from './dtype.ts';
import { AutogradError, DTypeError, FrozenError, ShapeError, ValueError } from './errors.ts';
import type { TensorMethods } from './methods.ts';
import { isArray } from './readable.ts';
import type { AccumulateGrad, GradNode } from './record/node.ts';
import {
  contiguousStrides,
  formatShape,
  isContiguousLayout,
  numelOf,
  type Shape,
  sameShape,
} from './shape.ts';
import { allocateArray, Storage } from './storage.ts';

/** A function called with a gradient as it arrives; a tensor that it returns takes the gradient's place. */
export type GradHook = (grad: Tensor) => Tensor | undefined | void;

/**
 * @internal The hooks of one place. The list is replaced, never changed: hooks may come and go while it is being
 *   called.
 */
export type HookList<H> = readonly { readonly hook: H }[];

/**
 * An n-dimensional array: metadata (shape, strides, offset, dtype) over a {@link Storage} that views share.
 *
 * Tensors are made by the creation functions (`tensor`, `zeros`, `rand`, ...) and by operations; the constructor
 * serves these alone. Operations are installed as methods by `methods.ts`. Follows `torch.Tensor`.
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]], { dtype: 'float32' });
 * x.shape; // [ 2, 3 ]
 * x.mul(2).sum(0); // tensor([10., 14., 18.])
 * ```
 */
export class Tensor {
  /** The memory, which views of one another share. Follows `Tensor.untyped_storage`. */
  declare readonly storage: Storage;
  /** The sizes of the dimensions, `[]` for a single number. Follows `Tensor.shape`. */
  declare readonly shape: Shape;
  /** Index of the first element within the storage. Follows `Tensor.storage_offset`. */
  declare readonly offset: number;
  /** The type of the elements. Follows `Tensor.dtype`. */
  declare readonly dtype: DType;
  /** Number of elements. Follows `Tensor.numel`. */
  declare readonly count: number;
  /** Whether the elements lie in row-major order without gaps: what `isContiguous()` says. @internal */
  declare readonly dense: boolean;
  #strides: readonly number[] | null;

  /** The operation that made this tensor, where gradients are recorded. Follows `Tensor.grad_fn`. */
  declare gradFn: GradNode | null;

  // AutogradState describes these; they are private here, so that editors do not offer them.
  declare private gradient: Tensor | null;
  declare private outputNumber: number;
  /** Set by `requiresGrad_` on leaves. @internal */
  declare protected leafRequiresGrad: boolean;
  declare private accumulator: AccumulateGrad | null;
  declare private hooks: HookList<GradHook> | null;
  declare private accumulateHooks: HookList<(x: Tensor) => void> | null;
  declare private base: Tensor | null;
  declare private baseRebinds: number;
  declare private rebinds: number;
  declare private inference: boolean;

  constructor(
    storage: Storage,
    shape: Shape,
    dtype: DType,
    offset = 0,
    strides: readonly number[] | null = null,
  ) {
    if (dtype === undefined) throw notConstructed();
    const count = numelOf(shape);
    // Fields are only declared above: were they defined there, each would be set twice, in every result of an
    // operation.
    this.storage = storage;
    // A size or an offset of -0 becomes 0, and so does a count with such a size in it.
    this.shape = count === 0 ? shape.map(withoutSign) : shape;
    this.dtype = dtype;
    this.offset = offset === 0 ? 0 : offset;
    this.count = count === 0 ? 0 : count;
    this.dense = strides === null || isContiguousLayout(shape, strides);
    this.#strides = strides;
    this.gradFn = null;
    this.gradient = null;
    this.outputNumber = 0;
    this.leafRequiresGrad = false;
    this.accumulator = null;
    this.hooks = null;
    this.accumulateHooks = null;
    this.base = null;
    this.baseRebinds = 0;
    this.rebinds = 0;
    this.inference = false;
  }

  /**
   * Whether something is a tensor itself, not a Proxy of one or an object that merely has its prototype: `instanceof`
   * takes both for tensors. @internal
   */
  static is(x: unknown): x is Tensor {
    // V8 answers both questions in half the time that it takes for the second alone.
    return isOfClass(x) && #strides in x;
  }

  /** A 0-dimensional tensor, which `tensor(value)` makes too, with checks. @internal */
  static scalar(value: number, dtype: DType): Tensor {
    const array = allocateArray(dtype, 1);
    array[0] = dtype === 'bool' ? Number(value !== 0) : value;
    return wrapArray(array, [], dtype);
  }

  /**
   * The gradient that backward has accumulated, of leaves and of tensors on which `retainGrad` was called. Backward
   * adds to it in place, except under `createGraph`. Follows `Tensor.grad`.
   * @throws DTypeError, ShapeError where what is assigned is neither `null` nor a tensor of this dtype and shape
   * @throws AutogradError where a tensor is made its own gradient
   */
  get grad(): Tensor | null {
    const { gradient } = this;
    tellGradient?.(this, false);
    if (gradient !== null) gradient.storage.show();
    return gradient;
  }

  set grad(value: Tensor | null) {
    if (value !== null) checkGradOf(this, value);
    tellGradient?.(this, true);
    setGradient(autogradOf(this), value, 'grad');
  }

  /** Distance, in elements, between neighbours along each dimension. Follows `Tensor.stride`. */
  get strides(): readonly number[] {
    if (!(#strides in this)) requireTensors('strides', this);
    return (this.#strides ??= contiguousStrides(this.shape));
  }

  /**
   * Keeps Vue from making a Proxy of a tensor in reactive state: private fields cannot be read through one. @internal
   */
  get __v_skip(): true {
    return true;
  }

  /** Number of dimensions. Follows `Tensor.ndim`. */
  get ndim(): number {
    return this.shape.length;
  }

  /**
   * Whether operations on this tensor are recorded for backward; setting it calls `requiresGrad_`. Follows
   * `Tensor.requires_grad`.
   * @throws AutogradError where it is set on a dtype other than float, or to `false` on a tensor that is no leaf
   */
  get requiresGrad(): boolean {
    if (this.base !== null && isStale(this)) refreshStale?.(this);
    return this.leafRequiresGrad || this.gradFn !== null;
  }

  set requiresGrad(value: boolean) {
    this.requiresGrad_(value);
  }

  /** Whether no recorded operation made this tensor. Follows `Tensor.is_leaf`. */
  get isLeaf(): boolean {
    return !this.requiresGrad || this.gradFn === null;
  }
}

/**
 * Counts changes of what seldom changes, and compiled calls take for granted: whether a leaf requires gradients, which
 * gradient it has, its hooks, and those of modules. While the count stands still, none of these has to be looked at.
 */
export let timesChanged = 0;

/** Counts a change in {@link timesChanged}. Kindling's own. */
export function noteChange(): void {
  timesChanged++;
}

/** Makes a tensor the gradient of a leaf. */
export function setGradient(leaf: AutogradState, value: Tensor | null, caller = 'backward'): void {
  if (leaf.gradient === value) return;
  timesChanged++;
  try {
    (leaf as { gradient: Tensor | null }).gradient = value;
  } catch {
    throw new FrozenError(caller, 'tensor');
  }
}

/** @internal `baseRebinds` of a view that was made while no gradients were recorded. */
export const unrecorded = -1;

/** @internal Whether an in-place change has given the base of a view another history since the view was taken. */
export function isStale(x: Tensor): boolean {
  const { base, baseRebinds } = autogradOf(x);
  return base !== null && baseRebinds !== unrecorded && autogradOf(base).rebinds !== baseRebinds;
}

let refreshStale: ((view: Tensor) => void) | null = null;

/** @internal Sets what brings the history of a stale view up to date. */
export function onStaleView(refresh: (view: Tensor) => void): void {
  refreshStale = refresh;
}

let tellGradient: ((leaf: Tensor, replaced: boolean) => void) | null = null;

/** @internal Sets what is told of each gradient that is looked at, or is about to be replaced; `null`: nobody. */
export function onGradientMet(tell: ((leaf: Tensor, replaced: boolean) => void) | null): void {
  tellGradient = tell;
}

function checkGradOf(x: Tensor, grad: unknown): void {
  if (!Tensor.is(grad)) {
    const got = grad === undefined ? 'undefined; write null to drop it' : kindOf(grad);
    throw new DTypeError(`grad: assigned grad expected to be a Tensor or null but got ${got}`);
  }
  if (grad === x) throw new AutogradError("grad: can't assign a tensor as its own grad");
  if (grad.dtype !== x.dtype) {
    throw new DTypeError(
      `grad: attempting to assign a gradient with dtype ${grad.dtype} to a tensor with dtype ${x.dtype}; convert it with ` +
        `to('${x.dtype}')`,
    );
  }
  if (!sameShape(grad.shape, x.shape)) {
    throw new ShapeError(
      `grad: attempting to assign a gradient of size ${formatShape(grad.shape)} to a tensor of size ${formatShape(x.shape)}. ` +
        'Please ensure that the gradient and the tensor are the same size',
    );
  }
}

/** What methods.ts installs on the prototype. */
export interface Tensor extends TensorMethods {}

/** What automatic differentiation keeps with a tensor. */
export interface AutogradState {
  /** What `grad` shows; {@link setGradient} sets it without the checks that `grad` makes. */
  readonly gradient: Tensor | null;
  gradFn: GradNode | null;
  /** Which output of `gradFn` the tensor is. */
  outputNumber: number;
  /** Set by `requiresGrad_` on leaves. */
  leafRequiresGrad: boolean;
  /** The graph node that stores gradients into a leaf, made when first needed. */
  accumulator: AccumulateGrad | null;
  /** Hooks of a leaf; those of other tensors live on their node. */
  hooks: HookList<GradHook> | null;
  /** Called after a gradient was added to `grad`. */
  accumulateHooks: HookList<(x: Tensor) => void> | null;
  /** For a view: the tensor it is a view of, and how often that was rebound, or {@link unrecorded}. */
  base: Tensor | null;
  baseRebinds: number;
  /** How often an in-place operation gave the tensor a new `gradFn`. */
  rebinds: number;
  /** Whether it was made in inference mode. */
  inference: boolean;
}

/** @internal Whether `instanceof` takes something for a tensor; not a revoked Proxy, of which it throws. */
export function isOfClass(x: unknown): x is Tensor {
  try {
    return x instanceof Tensor;
  } catch {
    return false;
  }
}

/**
 * @internal The private fields of a tensor that belong to automatic differentiation: the tensor itself, by another
 *   type.
 */
export const autogradOf = (x: Tensor): AutogradState => x as unknown as AutogradState;

/** @internal Throws a DTypeError that says what came where tensors were expected. */
export function requireTensors(caller: string, ...values: readonly unknown[]): void {
  for (const x of values) {
    if (Tensor.is(x)) continue;
    throw new DTypeError(`${caller}: expected a Tensor, got ${kindOf(x)}`);
  }
}

/** @internal Throws where a tensor is frozen: what automatic differentiation keeps with it cannot change. */
export function requireUnfrozen(caller: string, x: Tensor): void {
  if (Object.isFrozen(x)) throw new FrozenError(caller, 'tensor');
}

const withoutSign = (size: number): number => (size === 0 ? 0 : size);

/** The error for a call of the constructor as of PyTorch's: with values, or with sizes. */
const notConstructed = (): ValueError =>
  new ValueError(
    'Tensor: takes a storage, a shape and a dtype, as operations give them; write tensor([1, 2]) for values, zeros([2, 3]) for a shape',
  );

/** @internal How errors describe an object that passes for a tensor and is none. */
export const likeTensor =
  'a Proxy of a Tensor, or an object with its prototype: give the tensor itself (as by toRaw or markRaw, where a framework makes proxies)';

function kindOf(x: unknown): string {
  if (x === null) return 'null';
  if (isOfClass(x)) return likeTensor;
  return isArray(x) ? 'an array: make a tensor of it with tensor()' : typeof x;
}

/** A fresh contiguous tensor whose elements are undefined: the caller writes each of them. */
export function emptyTensor(shape: Shape, dtype: DType): Tensor {
  return new Tensor(new Storage(allocateArray(dtype, numelOf(shape))), shape, dtype);
}

/** A contiguous tensor over an array that it takes as its own. */
export function wrapArray(array: TypedArray, shape: Shape, dtype: DType): Tensor {
  return new Tensor(new Storage(array), shape, dtype);
}
