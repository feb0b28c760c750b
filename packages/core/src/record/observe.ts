import { checkArguments, K } from '../arguments/index.ts';
import { onNewStorage, type Storage } from '../storage.ts';
import { onGradientMet, type Tensor } from '../tensor.ts';
import type { Coded } from './code.ts';
import { FlowSetting } from './flow.ts';
import type { AccumulateGrad, Differentiable, GradNode, Node } from './node.ts';
import type { Tensors } from './primitive.ts';

/**
 * Sees every operation as it runs, and every look at data beside it: profilers and tracers install one. What it is
 * shown is not handed out: a later operation, which it sees too, may overwrite it, so who wants to keep elements copies
 * them.
 */
export interface Observer {
  /** Before an operation runs. */
  before?(name: string, inputs: readonly Tensor[], attrs: unknown): void;
  /** After an operation ran; `operation` is the primitive, where it is one. */
  after?(
    name: string,
    inputs: readonly Tensor[],
    attrs: unknown,
    outputs: readonly Tensor[],
    operation: Differentiable<never> | null,
  ): void;
  /** For each node recorded for backward. */
  recorded?(node: GradNode<never>): void;
  /** When a backward pass begins: the nodes that its roots lead to, in the order in which they are visited. */
  walked?(order: readonly (GradNode<never> | AccumulateGrad)[]): void;
  /**
   * When a backward pass is at a node, before the derivative runs or the gradient of a leaf grows: what has arrived, by
   * output; `null` where nothing has.
   */
  visited?(node: GradNode<never> | AccumulateGrad, gradients: readonly (Tensor | null)[]): void;
  /** For each gradient that a node passes on, in the shape and dtype of its input. */
  passed?(node: GradNode<never>, input: number, gradient: Tensor): void;
  /** Before elements are read outside the kernel of an operation; `reason` says by what and for what. */
  read?(x: Tensor, reason: string): void;
}

const tells = ['before', 'after', 'recorded', 'walked', 'visited', 'passed', 'read'];
const observerKind = K.kind(
  'an object with functions such as before and after',
  (x) =>
    typeof x === 'object' &&
    x !== null &&
    tells.every((name) => {
      const tell = (x as Record<string, unknown>)[name];
      return tell === undefined || typeof tell === 'function';
    }),
);

/** @internal Does again, on the tensors that it is handed, what a step did when it was recorded. */
export type Rerun = Coded<(inputs: Tensors, attrs: unknown, outputs: Tensors) => void>;

/** @internal What records a call so that it can be run again: see compile/trace. */
export interface Tracer {
  /** Whether a program is being made; others only look on. */
  readonly records: boolean;
  /** Before a step runs, on these tensors. */
  meets(inputs: Tensors): void;
  /**
   * After a step ran: an operation, a view (which has nothing to run again), or a change in place, whose targets are
   * outputs too.
   */
  ran(name: string, inputs: Tensors, attrs: unknown, outputs: Tensors, rerun: Rerun | null): void;
  /** Before elements are read outside of kernels. */
  read(x: Tensor, reason: string): void;
  /** Before it is asked whether a flag holds, which decides what the call does. */
  decides(flag: Tensor, what: string): void;
  /**
   * Before the gradient of a leaf is looked at, or something is decided by whether there is one; or it is `replaced`,
   * whatever it is.
   */
  gradientMatters(leaf: Tensor, replaced?: boolean): void;
  /** Before the derivative of a node runs. */
  goesBack(node: GradNode): void;
  /** For memory that is made meanwhile. */
  madeStorage(storage: Storage): void;
  /** Runs now what has to run again, on the host, in each call. */
  host<T>(run: () => T): T;
  /** Runs now what is asked again before each call, where the host has done nothing yet, or else in its place. */
  checks(what: string, check: () => void): void;
  /**
   * Takes for given that this holds, and asks again before each call; what changes `seldom`, if something was noted to
   * have changed.
   */
  assumes(what: string | (() => string), holds: () => boolean, seldom: boolean): void;
  /** Before what is `of` something changes that lasts: `read` gives it, and `write` sets it. */
  sets(of: object, read: () => unknown, write: (value: unknown) => void): void;
  /** Looks after what host parts read beside tensors: nobody but they may change it in the call. */
  guards(what: string, read: () => readonly unknown[]): void;
  /** Names the memory of a tensor. */
  names(x: Tensor, name: string): void;
  /** Says that the call cannot be recorded, nor any later one. */
  refuses(reason: string): void;
  /** Says that no call is one program: in later ones parts of it are, and the rest runs as it is. */
  divides(): void;
  /** Makes a tensor that lasts, and says that the call cannot be recorded, but a later one may. */
  postpone(reason: string, make: () => Tensor): Tensor;
}

/** @internal The tracer, where a call is being recorded. */
export let tracer: Tracer | null = null;

/** @internal How many there were. */
export let timesTraced = 0;

/** @internal What has told the tracer what a call depends on. */
export let told = new WeakSet<object>();

/** @internal Replaces the tracer; returns the one before. */
export function setTracer(next: Tracer | null): Tracer | null {
  const before = tracer;
  tracer = next;
  if (next !== null) {
    timesTraced++;
    told = new WeakSet();
  }
  onNewStorage(next === null ? null : (storage) => next.madeStorage(storage));
  onGradientMet(next === null ? null : (leaf, replaced) => next.gradientMatters(leaf, replaced));
  observed = observers.length > 0 || tracer !== null;
  return before;
}

/** @internal Gives programs of their own to parts of a call that is none itself. */
export interface Divider {
  /** What to call in the place of `part`, which is `owner`'s. */
  programOf<T>(owner: object, part: () => T): () => T;
}

/** @internal That of the compiled function that runs, where its calls are divided. */
export let divider: Divider | null = null;

/** @internal Replaces it; returns the one before. */
export function setDivider(next: Divider | null): Divider | null {
  const before = divider;
  divider = next;
  return before;
}

/** Replaced on every change, so that an observer may come or go while these are being told. */
let observers: readonly Observer[] = [];
/** @internal Whether anybody looks on, observers or a tracer: the hot paths ask before they call. */
export let observed = false;

/**
 * Adds an observer of every operation; the returned function removes it. Kindling's own.
 * @throws ValueError where it is no observer
 * @example
 * ```ts
 * const names: string[] = [];
 * const stop = observe({ before: (name) => names.push(name) });
 * ones(2).mul(3).sum();
 * stop();
 * names; // [ 'full', 'mul', 'sum' ]
 * ```
 */
export function observe(observer: Observer): () => void {
  checkArguments('observe', { observer: observerKind }, arguments);
  observers = [...observers, observer];
  observed = true;
  let present = true;
  return () => {
    if (!present) return;
    present = false;
    const i = observers.indexOf(observer);
    observers = observers.filter((_, k) => k !== i);
    observed = observers.length > 0 || tracer !== null;
  };
}

/** @internal */
export function notifyBefore(name: string, inputs: readonly Tensor[], attrs: unknown): void {
  for (const o of observers) o.before?.(name, inputs, attrs);
  tracer?.meets(inputs);
}

/** @internal */
export function notifyAfter(
  name: string,
  inputs: readonly Tensor[],
  attrs: unknown,
  outputs: readonly Tensor[],
  operation: Differentiable<never> | null,
): void {
  for (const o of observers) o.after?.(name, inputs, attrs, outputs, operation);
}

/** @internal */
export function notifyRead(x: Tensor, reason: string): void {
  for (const o of observers) o.read?.(x, reason);
  tracer?.read(x, reason);
}

/** @internal */
export function notifyDecision(flag: Tensor, reason: string): void {
  for (const o of observers) o.read?.(flag, reason);
  tracer?.decides(flag, reason);
}

type AnyNode = GradNode<never> | AccumulateGrad;

/** @internal */
export function notifyWalk(order: readonly Node[]): void {
  for (const o of observers) o.walked?.(order as readonly AnyNode[]);
}

/** @internal */
export function notifyVisit(node: Node, gradients: readonly (Tensor | null)[]): void {
  for (const o of observers) o.visited?.(node as AnyNode, gradients);
}

/** @internal */
export function notifyPassed(node: Node, input: number, gradient: Tensor): void {
  for (const o of observers) o.passed?.(node as GradNode<never>, input, gradient);
}

/** @internal What anomaly mode does, see autograd/anomaly.ts. */
export interface AnomalyMode {
  /** Notes where a node was recorded. */
  recorded(node: GradNode): void;
  /** Runs the derivative of a node and looks at what it returns. */
  derive(node: GradNode, grads: readonly (Tensor | null)[]): readonly (Tensor | null)[];
}

/** @internal Anomaly mode, where it is on. */
export const anomalyMode: FlowSetting<AnomalyMode | null> = new FlowSetting<AnomalyMode | null>(null);

/** @internal Shows a node to anomaly mode and to the observers. */
export function announce<A, N extends GradNode<A>>(node: N): N {
  anomalyMode.value?.recorded(node as unknown as GradNode);
  if (observed) for (const o of observers) o.recorded?.(node as unknown as GradNode<never>);
  return node;
}
