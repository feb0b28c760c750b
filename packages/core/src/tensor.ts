import type { DType, TypedArray } from './dtype.ts';
import { AutogradError, DTypeError, FrozenError, ShapeError, ValueError } from './errors.ts';
import type { TensorMethods } from './methods.ts';
import type { AccumulateGrad, GradNode } from './record/node.ts';
import {
  contiguousStrides,
  formatShape,
  isArray,
  isContiguousLayout,
  numelOf,
  type Shape,
  sameShape,
} from './shape.ts';
import { allocateArray, Storage } from './storage.ts';

/** A function called with a gradient as it arrives; a tensor that it returns takes the gradient's place. */
export type GradHook = (grad: Tensor) => Tensor | undefined | void;

/** @internal The hooks of one place. Never changed, but replaced: hooks may come and go while those registered before are called. */
export type HookList<H> = readonly { readonly hook: H }[];

/**
 * An n-dimensional array: metadata (shape, strides, offset, dtype) over a {@link Storage} that views share.
 *
 * Tensors are made by the creation functions (`tensor`, `zeros`, `rand`, ...) and by operations; the constructor is
 * for those. Operations are installed as methods by `methods.ts`. Follows `torch.Tensor`.
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]], { dtype: 'float32' });
 * x.shape; // [ 2, 3 ]
 * x.mul(2).sum(0); // tensor([10., 14., 18.])
 * ```
 */
export class Tensor {
  /** The memory, which views of one another share. Follows `Tensor.untyped_storage`. */
  readonly storage: Storage;
  /** The sizes of the dimensions, `[]` for a single number. Follows `Tensor.shape`. */
  readonly shape: Shape;
  /** Index of the first element within the storage. Follows `Tensor.storage_offset`. */
  readonly offset: number;
  /** The type of the elements. Follows `Tensor.dtype`. */
  readonly dtype: DType;
  /** Number of elements. Follows `Tensor.numel`. */
  readonly count: number;
  /** Whether the elements lie in row-major order without gaps: what `isContiguous()` says. @internal */
  readonly dense: boolean;
  #strides: readonly number[] | null;

  /** The operation that made this tensor, where gradients are recorded. Follows `Tensor.grad_fn`. */
  gradFn: GradNode | null = null;

  // What AutogradState says of these: private here, so that editors do not offer them.
  private gradient: Tensor | null = null;
  private outputNumber = 0;
  /** Set by `requiresGrad_` on leaves. @internal */
  protected leafRequiresGrad = false;
  private accumulator: AccumulateGrad | null = null;
  private hooks: HookList<GradHook> | null = null;
  private accumulateHooks: HookList<(x: Tensor) => void> | null = null;
  private base: Tensor | null = null;
  private baseRebinds = 0;
  private rebinds = 0;
  private inference = false;

  constructor(
    storage: Storage,
    shape: Shape,
    dtype: DType,
    offset = 0,
    strides: readonly number[] | null = null,
  ) {
    if (dtype === undefined) throw notConstructed();
    const count = numelOf(shape);
    this.storage = storage;
    // A size or an offset of -0 is 0 (and so is a count that one is in).
    this.shape = count === 0 ? shape.map(withoutSign) : shape;
    this.dtype = dtype;
    this.offset = offset === 0 ? 0 : offset;
    this.count = count === 0 ? 0 : count;
    this.dense = strides === null || isContiguousLayout(shape, strides);
    this.#strides = strides;
  }

  /**
   * Whether something is a tensor itself: not a Proxy of one, nor an object that has but its prototype, of which `instanceof` says
   * the same. @internal
   */
  static is(x: unknown): x is Tensor {
    // By itself the second question takes V8 twice as long as both.
    return isOfClass(x) && #strides in x;
  }

  /** A 0-dimensional tensor, which `tensor(value)` makes too, with checks. @internal */
  static scalar(value: number, dtype: DType): Tensor {
    const array = allocateArray(dtype, 1);
    array[0] = dtype === 'bool' ? Number(value !== 0) : value;
    return wrapArray(array, [], dtype);
  }

  /**
   * The gradient that backward accumulated here: of leaves, and of tensors that called `retainGrad`. Backward adds to it in place,
   * unless under `createGraph`. Follows `Tensor.grad`.
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

  /** Vue makes a Proxy of each object in its reactive state, and private fields cannot be read through one: not of tensors. @internal */
  get __v_skip(): true {
    return true;
  }

  /** Number of dimensions. Follows `Tensor.ndim`. */
  get ndim(): number {
    return this.shape.length;
  }

  /**
   * Whether operations on this tensor are recorded for backward; to set it is `requiresGrad_`. Follows `Tensor.requires_grad`.
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
 * How often something changed that seldom does, and that a compiled call takes for given: whether a leaf requires gradients, which
 * one it has, its hooks, those of a module. While it stands still none of them needs to be asked for.
 */
export let timesChanged = 0;

/** Says that something did which {@link timesChanged} counts. Kindling's own. */
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

/** @internal Whether the base of a view was given another history, by a change in place, since the view was taken of it. */
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
  if (!(grad instanceof Tensor)) {
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

/** @internal Whether something is of the class, or a Proxy that says so; a Proxy that was revoked says nothing. */
export function isOfClass(x: unknown): x is Tensor {
  try {
    return x instanceof Tensor;
  } catch {
    return false;
  }
}

/** @internal The private fields of a tensor that belong to automatic differentiation: the tensor itself, by another type. */
export const autogradOf = (x: Tensor): AutogradState => x as unknown as AutogradState;

/** @internal Throws a DTypeError that says what came where tensors were expected. */
export function requireTensors(caller: string, ...values: readonly unknown[]): void {
  for (const x of values) {
    if (Tensor.is(x)) continue;
    throw new DTypeError(`${caller}: expected a Tensor, got ${kindOf(x)}`);
  }
}

/** @internal Refuses a change of what automatic differentiation keeps with a tensor, of one that is frozen. */
export function requireUnfrozen(caller: string, x: Tensor): void {
  if (Object.isFrozen(x)) throw new FrozenError(caller, 'tensor');
}

const withoutSign = (size: number): number => (size === 0 ? 0 : size);

/** The error for a call of the constructor as of PyTorch's: with values, or with sizes. */
const notConstructed = (): ValueError =>
  new ValueError(
    'Tensor: takes a storage, a shape and a dtype, as operations give them; write tensor([1, 2]) for values, zeros([2, 3]) for a shape',
  );

/** @internal What is said of an object that passes for a tensor and is none. */
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
