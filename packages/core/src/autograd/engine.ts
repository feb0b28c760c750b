import { isFloatingPoint } from '../dtype.ts';
import { AutogradError, DTypeError, ShapeError } from '../errors.ts';
import { clone, to } from '../ops/creation/copy.ts';
import { onesLike } from '../ops/creation/fill.ts';
import { add, add_ } from '../ops/elementwise/arithmetic.ts';
import { sumToShape } from '../ops/reductions/sum.ts';
import { withGradMode } from '../record/grad-mode.ts';
import { AccumulateGrad, edgeOf, freed, GradNode, type Node } from '../record/node.ts';
import { expandsTo, formatShape, sameShape } from '../shape.ts';
import { autogradOf, type GradHook, Tensor } from '../tensor.ts';

/** What a backward pass is asked for. */
export interface BackwardRequest {
  readonly roots: readonly Tensor[];
  readonly gradients: readonly (Tensor | null)[];
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** Where given, only these tensors get gradients. */
  readonly inputs: readonly Tensor[] | null;
  /** Whether gradients are added to `.grad` or returned. */
  readonly accumulate: boolean;
  /** Whether `inputs` bound the walk: neither hooks nor gradients go on from one of them. Default: false. */
  readonly stopAtInputs?: boolean;
}

/**
 * Walks the graph from the roots, latest operation first, and passes gradients on. Since an operation is younger than
 * those that made its inputs, sorting by age is the topological sort.
 *
 * @returns the gradients of `inputs` where these are wanted back, `null` for those that the roots do not reach.
 */
export function runBackward(request: BackwardRequest): (Tensor | null)[] {
  const pass = new BackwardPass(request);
  return withGradMode(request.createGraph, () => pass.run());
}

class BackwardPass {
  readonly #request: BackwardRequest;
  /** Gradients that wait at each node, by output. */
  readonly #pending = new Map<Node, (Tensor | null)[]>();
  /** With `inputs` given: the outputs of nodes whose gradient is wanted. */
  readonly #captures: Map<Node, { output: number; index: number }[]> | null = null;
  readonly #captured: (Tensor | null)[] = [];

  constructor(request: BackwardRequest) {
    this.#request = request;
    const { roots, gradients, inputs } = request;
    if (inputs !== null) {
      this.#captures = new Map();
      for (let i = 0; i < inputs.length; i++) {
        const node = edgeOf(inputs[i]!);
        if (node === null) {
          throw new AutogradError(
            `One of the differentiated Tensors does not require grad: input ${i} of shape ${formatShape(inputs[i]!.shape)}`,
          );
        }
        const list = this.#captures.get(node) ?? [];
        list.push({ output: autogradOf(inputs[i]!).outputNumber, index: i });
        this.#captures.set(node, list);
        this.#captured.push(null);
      }
    }
    for (let i = 0; i < roots.length; i++) {
      const root = roots[i]!;
      const node = edgeOf(root);
      if (node === null) {
        throw new AutogradError(
          `element ${i} of tensors does not require grad and does not have a grad_fn: no tensor that it was computed ` +
            'from has requiresGrad, or it was computed under noGrad',
        );
      }
      this.#deliver(node, autogradOf(root).outputNumber, firstGradient(root, gradients[i] ?? null, i), true);
    }
  }

  run(): (Tensor | null)[] {
    const order = this.#order();
    const needed = this.#captures === null ? null : this.#leadingToCaptures(order);
    for (const node of order) {
      const grads = this.#pending.get(node);
      if (grads === undefined) continue;
      this.#pending.delete(node);
      if (this.#request.stopAtInputs === true && this.#captures!.has(node)) this.#captureAll(node, grads);
      else if (node instanceof AccumulateGrad) this.#finishLeaf(node, grads[0]!);
      else this.#runNode(node as GradNode, grads, needed);
    }
    return this.#captured;
  }

  /** The nodes reachable from the roots, youngest first; leaves, which have no age, last. */
  #order(): Node[] {
    const seen = new Set<Node>(this.#pending.keys());
    const order = [...seen];
    for (let i = 0; i < order.length; i++) {
      for (const next of order[i]!.next) {
        if (next !== null && !seen.has(next)) {
          seen.add(next);
          order.push(next);
        }
      }
    }
    return order.sort((a, b) => b.sequence - a.sequence);
  }

  /** The nodes from which a captured node can be reached: the others need not run. */
  #leadingToCaptures(order: readonly Node[]): Set<Node> {
    const needed = new Set<Node>(this.#captures!.keys());
    for (let i = order.length - 1; i >= 0; i--) {
      const node = order[i]!;
      if (!needed.has(node) && node.next.some((next) => next !== null && needed.has(next))) needed.add(node);
    }
    return needed;
  }

  #runNode(node: GradNode, grads: (Tensor | null)[], needed: Set<Node> | null): void {
    for (let i = 0; i < grads.length; i++) {
      const g = grads[i];
      if (g != null) grads[i] = this.#arrive(node, i, g);
    }
    const wanted =
      needed === null ? node.next : node.next.map((n) => (n !== null && needed.has(n) ? n : null));
    if (needed !== null && wanted.every((n) => n === null)) return;
    if (node.freed) throw freed(node.name);
    const results = needed === null ? callDerivative(node, grads) : partOfDerivative(node, grads, wanted);
    for (const g of grads) if (g != null) g.storage.holders--;
    for (let i = 0; i < wanted.length; i++) {
      const next = wanted[i];
      const result = results[i];
      if (next == null || result == null) continue;
      this.#deliver(next, node.nextOutput[i]!, fit(result, node, i), false);
    }
    if (!this.#request.retainGraph) node.release();
  }

  /** Runs the hooks of an output, keeps its gradient where that is wanted. */
  #arrive(node: GradNode, output: number, gradient: Tensor): Tensor {
    const g = runHooks(node.hooks?.[output], gradient);
    const retained = node.retained?.[output];
    if (retained !== undefined) retained.grad = retained.grad === null ? clone(g) : add(retained.grad, g);
    this.#capture(node, output, g);
    return g;
  }

  #capture(node: Node, output: number, g: Tensor): void {
    const captures = this.#captures?.get(node);
    if (captures === undefined) return;
    for (const { output: at, index } of captures) {
      if (at !== output) continue;
      g.storage.holders++;
      this.#captured[index] = g;
      const input = this.#request.inputs![index]!;
      if (this.#request.accumulate && !(node instanceof AccumulateGrad)) {
        input.grad = input.grad === null ? clone(g) : add(input.grad, g);
      }
    }
  }

  /** At a boundary of the walk: what arrives is a part of the gradient, so hooks do not see it yet. */
  #captureAll(node: Node, grads: readonly (Tensor | null)[]): void {
    for (let i = 0; i < grads.length; i++) {
      const g = grads[i];
      if (g != null) this.#capture(node, i, g);
    }
  }

  #finishLeaf(node: AccumulateGrad, gradient: Tensor): void {
    const { variable } = node;
    if (this.#captures !== null && !this.#captures.has(node)) return;
    const g = runHooks(autogradOf(variable).hooks ?? undefined, gradient);
    this.#capture(node, 0, g);
    if (!this.#request.accumulate) return;
    if (this.#captures !== null) g.storage.holders--;
    const { createGraph } = this.#request;
    const before = variable.grad;
    if (before === null) {
      // The gradient becomes the leaf's own only if nobody else holds it, since `.grad` is changed in place later.
      variable.grad = !createGraph && g.storage.holders <= 1 && g.dense ? g : clone(g);
    } else if (createGraph) variable.grad = add(before, g);
    else add_(before, g);
    g.storage.holders--;
    for (const hook of autogradOf(variable).accumulateHooks ?? []) hook(variable);
  }

  #deliver(node: Node, output: number, g: Tensor, outside: boolean): void {
    g.storage.holders += outside ? 2 : 1;
    const waiting = this.#pending.get(node);
    if (waiting === undefined) {
      const list = new Array<Tensor | null>(node instanceof GradNode ? node.outputShapes.length : 1).fill(
        null,
      );
      list[output] = g;
      this.#pending.set(node, list);
      return;
    }
    const first = waiting[output]!;
    waiting[output] = first === null ? g : this.#sum(first, g);
  }

  #sum(first: Tensor, second: Tensor): Tensor {
    second.storage.holders--;
    const { createGraph } = this.#request;
    if (!createGraph && first.storage.holders === 1 && first.dense && first.dtype === second.dtype) {
      return add_(first, second);
    }
    first.storage.holders--;
    const sum = add(first, second);
    sum.storage.holders = 1;
    return sum;
  }
}

function firstGradient(root: Tensor, gradient: Tensor | null, i: number): Tensor {
  if (gradient === null) {
    if (root.count !== 1) {
      throw new AutogradError(
        `grad can be implicitly created only for scalar outputs, got shape ${formatShape(root.shape)}; ` +
          'reduce it (sum, mean), or pass backward({ gradient })',
      );
    }
    if (!isFloatingPoint(root.dtype)) {
      throw new DTypeError(`grad can be computed only for real floating point outputs, got ${root.dtype}`);
    }
    return onesLike(root);
  }
  if (!sameShape(gradient.shape, root.shape)) {
    throw new ShapeError(
      `Mismatch in shape: gradient ${i} has a shape of ${formatShape(gradient.shape)} and output ${i} has a shape of ` +
        `${formatShape(root.shape)}.`,
    );
  }
  return to(gradient, root.dtype);
}

let callDerivative = (node: GradNode, grads: readonly (Tensor | null)[]): readonly (Tensor | null)[] =>
  node.primitive.backward(grads, node);

/** @internal Anomaly mode puts itself around every derivative. */
export function wrapDerivatives(wrap: (inner: typeof callDerivative) => typeof callDerivative): () => void {
  const inner = callDerivative;
  callDerivative = wrap(inner);
  return () => {
    callDerivative = inner;
  };
}

/** The gradients of some inputs only: the derivative can spare the others. */
function partOfDerivative(
  node: GradNode,
  grads: readonly (Tensor | null)[],
  wanted: readonly (Node | null)[],
): readonly (Tensor | null)[] {
  node.wanted = wanted;
  try {
    return callDerivative(node, grads);
  } finally {
    node.wanted = node.next;
  }
}

/** Brings a gradient to the shape and dtype of the input it belongs to: sums over what was broadcast. */
function fit(gradient: Tensor, node: GradNode, i: number): Tensor {
  const shape = node.inputShapes[i]!;
  const dtype = node.inputDtypes[i]!;
  let g = gradient;
  if (g.shape !== shape && !sameShape(g.shape, shape)) {
    if (!expandsTo(shape, g.shape)) {
      throw new ShapeError(
        `${node.name} returned an invalid gradient at index ${i} - got ${formatShape(g.shape)} but expected shape ` +
          `compatible with ${formatShape(shape)}`,
      );
    }
    g = sumToShape(g, shape);
  }
  return g.dtype === dtype ? g : to(g, dtype);
}

function runHooks(hooks: readonly GradHook[] | undefined, gradient: Tensor): Tensor {
  if (hooks === undefined || hooks.length === 0) return gradient;
  let g = gradient;
  // A hook may keep what it sees.
  g.storage.holders++;
  for (const hook of [...hooks]) {
    const result = hook(g);
    if (result == null) continue;
    checkHookResult(result, g, hook.name);
    result.storage.holders += 2;
    g = result;
  }
  return g;
}

function checkHookResult(result: unknown, g: Tensor, name: string): asserts result is Tensor {
  const who = `gradient hook '${name || '<anonymous>'}'`;
  if (!(result instanceof Tensor)) {
    throw new AutogradError(
      `${who}: expected a Tensor or nothing, but the hook returned ${describe(result)}`,
    );
  }
  if (!sameShape(result.shape, g.shape)) {
    throw new ShapeError(
      `${who} has changed the size of value (was ${formatShape(g.shape)} got ${formatShape(result.shape)})`,
    );
  }
  if (result.dtype !== g.dtype) {
    throw new DTypeError(`${who} has changed the type of value (was ${g.dtype} got ${result.dtype})`);
  }
}

const describe = (x: unknown): string => (x instanceof Promise ? 'a Promise' : `a ${typeof x}`);

/** Options of {@link backward}, and of the method `x.backward()`, which also takes `gradient`. */
export interface BackwardOptions {
  /** The gradient of the tensor itself; needed unless it has one element. */
  readonly gradient?: Tensor;
  /** Keep what was saved, so that the graph can be walked again. Default: `createGraph`. */
  readonly retainGraph?: boolean;
  /** Record the backward pass itself, for higher derivatives. */
  readonly createGraph?: boolean;
  /** Only these get gradients. */
  readonly inputs?: Tensor | readonly Tensor[];
}

const asList = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? x : [x as T]);

/**
 * Computes the gradients of `tensors` (each with one element, or with a gradient in `gradients`) with respect to the
 * leaves that they were computed from, and adds them to the leaves' `.grad`.
 *
 * @example
 * ```ts
 * const w = tensor([2, 3], { requiresGrad: true });
 * autograd.backward(w.mul(w).sum());
 * w.grad; // tensor([4., 6.])
 * ```
 */
export function backward(
  tensors: Tensor | readonly Tensor[],
  gradients: Tensor | readonly (Tensor | null)[] | null = null,
  options: Omit<BackwardOptions, 'gradient'> = {},
): void {
  const roots = asList<Tensor>(tensors);
  const { createGraph = false, retainGraph = createGraph, inputs } = options;
  const targets = inputs === undefined ? null : asList<Tensor>(inputs);
  if (targets?.length === 0) throw new AutogradError('`inputs` argument to `backward()` cannot be empty.');
  const firsts = gradients === null ? [] : asList<Tensor | null>(gradients);
  runBackward({ roots, gradients: firsts, retainGraph, createGraph, inputs: targets, accumulate: true });
}

/** Options of {@link grad}. */
export interface GradOptions {
  /** The gradients of the outputs; needed for those with more than one element. */
  readonly gradOutputs?: Tensor | readonly (Tensor | null)[];
  readonly retainGraph?: boolean;
  readonly createGraph?: boolean;
  /** Give `null`, instead of an error, for inputs that the outputs do not depend on. */
  readonly allowUnused?: boolean;
}

/**
 * The sum of the gradients of `outputs` with respect to each of `inputs`; `.grad` is not touched
 * (PyTorch's `torch.autograd.grad`).
 *
 * @example
 * ```ts
 * const x = tensor(3, { dtype: 'float64', requiresGrad: true });
 * const [dx] = autograd.grad(x.pow(3), [x], { createGraph: true }); // 27
 * const [d2x] = autograd.grad(dx, [x]); // 18
 * ```
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const { createGraph = false, retainGraph = createGraph, allowUnused = false, gradOutputs } = options;
  const gradients = gradOutputs === undefined ? [] : asList<Tensor | null>(gradOutputs);
  const targets = asList<Tensor>(inputs);
  const request = { roots: asList<Tensor>(outputs), gradients, retainGraph, createGraph, inputs: targets };
  const found = runBackward({ ...request, accumulate: false });
  if (!allowUnused) {
    const missing = found.indexOf(null);
    if (missing >= 0) {
      throw new AutogradError(
        `The differentiated Tensor at index ${missing} appears to not have been used in the graph. ` +
          'Set allowUnused: true if this is the desired behavior.',
      );
    }
  }
  return found;
}
