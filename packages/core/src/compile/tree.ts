import type { TypedArray } from '../dtype.ts';
import { autogradOf, type HookList, Tensor } from '../tensor.ts';

/** A plain object, which with arrays makes the nesting around leaves. */
const isRecord = (x: unknown): x is Record<string, unknown> => {
  if (typeof x !== 'object' || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
};

const isCollection = (x: unknown): x is Map<unknown, unknown> | Set<unknown> =>
  x instanceof Map || x instanceof Set;

/**
 * What an argument holds that is looked into besides arrays and plain objects: a Map, a Set, an object of a user's
 * class of which a property is a tensor; `null` of all else. Other objects, as optimizers, stand for themselves, and so
 * do those in such an object, since they often know it in turn.
 */
function heldBy(x: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof x !== 'object' || x === null || x instanceof Tensor || ArrayBuffer.isView(x)) return null;
  if (isCollection(x)) return { keys: [...x.keys()], values: [...x.values()] };
  return Object.values(x).some((value) => value instanceof Tensor) ? { ...x } : null;
}

/** What stands for such an object in the form of arguments. */
class Held {
  readonly prototype: unknown;
  readonly parts: unknown;

  constructor(of: unknown, parts: unknown) {
    this.prototype = Object.getPrototypeOf(of);
    this.parts = parts;
  }
}

/** The leaves of arguments: {@link leavesOf}, also of what is {@link heldBy} them. */
export function leavesOfArguments(tree: unknown, path = ''): ReturnType<typeof leavesOf> {
  return leavesOf(tree, path).flatMap((one) => {
    const held = heldBy(one.leaf);
    if (held === null) return [one];
    return isCollection(one.leaf) ? leavesOfArguments(held, one.path) : leavesOf(held, one.path);
  });
}

/** The form of an argument: {@link mapLeaves}, also of what is {@link heldBy} it. */
export const mapArgument = (tree: unknown, to: (leaf: unknown) => unknown): unknown =>
  mapLeaves(tree, (leaf) => {
    const held = heldBy(leaf);
    if (held === null) return to(leaf);
    return new Held(leaf, isCollection(leaf) ? mapArgument(held, to) : mapLeaves(held, to));
  });

/** The leaves of nested arrays and plain objects, in order, each with its path: `[0].x`. */
export function leavesOf(tree: unknown, path = ''): { readonly path: string; readonly leaf: unknown }[] {
  if (Array.isArray(tree)) return tree.flatMap((x, i) => leavesOf(x, `${path}[${i}]`));
  if (!isRecord(tree)) return [{ path, leaf: tree }];
  return Object.keys(tree).flatMap((key) => leavesOf(tree[key], `${path}.${key}`));
}

/** The tensors among the leaves, in order, each as often as it is there. */
export const tensorLeavesOf = (tree: unknown): Tensor[] =>
  leavesOf(tree).flatMap(({ leaf }) => (leaf instanceof Tensor ? [leaf] : []));

/** The same nesting around other leaves. */
export function mapLeaves(tree: unknown, to: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(tree)) return tree.map((x) => mapLeaves(x, to));
  if (!isRecord(tree)) return to(tree);
  return Object.fromEntries(Object.keys(tree).map((key) => [key, mapLeaves(tree[key], to)]));
}

/**
 * The tensors among the arguments of a call, each once, in order: the arguments themselves, where they are nothing
 * else.
 */
export function tensorsAmong(args: readonly unknown[]): readonly Tensor[] {
  for (let i = 0; i < args.length; i++) {
    if (!(args[i] instanceof Tensor)) return tensorsIn(args);
    for (let j = 0; j < i; j++) if (args[i] === args[j]) return tensorsIn(args);
  }
  return args as readonly Tensor[];
}

/**
 * The tensors in a nesting, and in what arguments hold ({@link heldBy}), each once; they are appended to `list`, as
 * this is asked at each call.
 */
export function tensorsIn(tree: unknown, list: Tensor[] = []): Tensor[] {
  if (tree instanceof Tensor) {
    if (!list.includes(tree)) list.push(tree);
  } else if (Array.isArray(tree)) {
    for (let i = 0; i < tree.length; i++) tensorsIn(tree[i], list);
  } else if (isRecord(tree)) {
    for (const key of Object.keys(tree)) tensorsIn(tree[key], list);
  } else {
    const held = heldBy(tree);
    if (held === null) return list;
    if (isCollection(tree)) tensorsIn(held, list);
    else for (const x of tensorLeavesOf(held)) if (!list.includes(x)) list.push(x);
  }
  return list;
}

/** Whether a tensor among the arguments of a call, all of whose tensors are `tensors`, is as one was. */
type Alike = (x: Tensor, form: TensorForm, tensors: readonly Tensor[]) => boolean;

/**
 * Whether a nesting has the form of another: tensors that `alike` says are, at the same places, and the same of
 * everything else.
 */
export function sameForm(a: unknown, b: unknown, tensors: readonly Tensor[], alike: Alike): boolean {
  if (b instanceof TensorForm) return a instanceof Tensor && alike(a, b, tensors);
  if (Array.isArray(b)) {
    if (!Array.isArray(a) || a.length !== b.length) return false;
    for (let i = 0; i < b.length; i++) if (!sameForm(a[i], b[i], tensors, alike)) return false;
    return true;
  }
  if (b instanceof Held) {
    const held = heldBy(a);
    return (
      held !== null && Object.getPrototypeOf(a) === b.prototype && sameForm(held, b.parts, tensors, alike)
    );
  }
  if (isElements(b)) return isElements(a) && sameElements(a, b);
  if (!isRecord(b)) return Object.is(a, b);
  if (!isRecord(a)) return false;
  const keys = Object.keys(b);
  return (
    Object.keys(a).length === keys.length &&
    keys.every((key) => Object.hasOwn(a, key) && sameForm(a[key], b[key], tensors, alike))
  );
}

/** Whether a leaf is a typed array, which may be filled anew between calls. */
export const isElements = (x: unknown): x is TypedArray => ArrayBuffer.isView(x) && !(x instanceof DataView);

function sameElements(a: TypedArray, b: TypedArray): boolean {
  if (a.constructor !== b.constructor || a.length !== b.length) return false;
  for (let i = 0; i < b.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/**
 * What stands for a tensor in the form of arguments: how it lies, what is done to its gradients, and which of the
 * different tensors it is.
 */
export class TensorForm {
  readonly shape: readonly number[];
  readonly strides: readonly number[] | null;
  readonly dtype: string;
  readonly requiresGrad: boolean;
  readonly inference: boolean;
  readonly hooks: HookList<unknown> | null;
  readonly accumulateHooks: HookList<unknown> | null;
  readonly index: number;

  constructor(x: Tensor, index: number) {
    const { inference, hooks, accumulateHooks } = autogradOf(x);
    this.shape = x.shape;
    this.strides = x.dense ? null : x.strides;
    this.dtype = x.dtype;
    this.requiresGrad = x.requiresGrad;
    this.inference = inference;
    this.hooks = hooks;
    this.accumulateHooks = accumulateHooks;
    this.index = index;
  }
}
