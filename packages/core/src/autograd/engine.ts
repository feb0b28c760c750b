import { isFloatingPoint } from '../dtype.ts';
import { AutogradError, DTypeError, ShapeError } from '../errors.ts';
import { clone, to } from '../ops/creation/copy.ts';
import { filled } from '../ops/creation/fill-primitive.ts';
import { add, add_ } from '../ops/elementwise/arithmetic.ts';
import { summedTo } from '../ops/reductions/sum-operation.ts';
import { withGradMode } from '../record/flags.ts';
import { type AccumulateGrad, edgeOf, freed, type GradNode, isLeafNode, type Node } from '../record/node.ts';
import { anomalyMode, notifyPassed, notifyVisit, notifyWalk, observed, tracer } from '../record/observe.ts';
import { expandsTo, formatShape, sameShape } from '../shape.ts';
import { autogradOf, setGradient, type Tensor } from '../tensor.ts';
import { retainGrad, runAccumulateHooks, runHooks } from './hooks.ts';
import { handOut, isOwn, letGo } from './ownership.ts';

type Gradients = readonly (Tensor | null)[];

/** What a backward pass is asked for. */
interface BackwardRequest {
  /** The public function that asks, for its errors. */
  readonly caller: string;
  readonly roots: readonly Tensor[];
  readonly gradients: Gradients;
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
 * @returns the gradients of `inputs` where these are wanted back, `null` for those that the roots do not reach.
 */
export function runBackward(request: BackwardRequest): (Tensor | null)[] {
  const pass = new BackwardPass(request);
  return withGradMode(request.createGraph, () => pass.run());
}

/** A tensor whose gradient is wanted: its place among the inputs of the request, and among the outputs of its node. */
interface Capture {
  readonly index: number;
  readonly output: number;
}

/** Numbers the walks over the graph, so that a node can tell whether this one has met it. */
let visits = 0;

class BackwardPass {
  readonly #request: BackwardRequest;
  /** The nodes that the roots lead to, in the order in which they run. */
  readonly #order: readonly Node[];
  /** Gradients that wait at each node of the order, by output. */
  readonly #pending: ((Tensor | null)[] | null | undefined)[];
  /** With `inputs` given: whose gradients are wanted, by node. */
  readonly #captures: Map<Node, Capture[]> | null = null;
  readonly #captured: (Tensor | null)[] = [];

  constructor(request: BackwardRequest) {
    this.#request = request;
    const { caller, roots, gradients, inputs } = request;
    if (inputs !== null) {
      this.#captures = capturesOf(inputs, caller);
      for (const x of inputs) {
        this.#captured.push(null);
        if (request.accumulate) retainGrad(x);
      }
    }
    const nodes = roots.map((root, i) => nodeOfRoot(root, i, caller));
    this.#order = orderFrom(nodes);
    this.#pending = new Array(this.#order.length);
    roots.forEach((root, i) => {
      const given = gradients[i] ?? null;
      const first = firstGradient(root, given, i, caller);
      if (given !== null) handOut(first);
      this.#deliver(nodes[i]!, autogradOf(root).outputNumber, first);
    });
  }

  run(): (Tensor | null)[] {
    const order = this.#order;
    if (observed) notifyWalk(order);
    const captures = this.#captures;
    const needed = captures === null ? null : nodesLeadingTo(captures.keys(), order);
    const stopAtInputs = this.#request.stopAtInputs === true;
    for (let k = 0; k < order.length; k++) {
      const node = order[k]!;
      const grads = this.#pending[k] ?? null;
      if (grads === null) continue;
      this.#pending[k] = null;
      if (stopAtInputs && captures?.has(node) === true) this.#captureAll(node, grads);
      else if (isLeafNode(node)) this.#finishLeaf(node, grads[0] ?? null);
      else this.#runNode(node as GradNode, grads, needed);
    }
    return this.#captured;
  }

  /** Where a node stands in the order: it says so itself, unless a walk inside this one has put it elsewhere. */
  #placeOf(node: Node): number {
    if (this.#order[node.place] !== node) node.place = this.#order.indexOf(node);
    return node.place;
  }

  #runNode(node: GradNode, grads: (Tensor | null)[], needed: Set<Node> | null): void {
    for (let i = 0; i < grads.length; i++) {
      const g = grads[i];
      if (g != null) grads[i] = this.#arrive(node, i, g);
    }
    if (observed) notifyVisit(node, grads);
    const wanted =
      needed === null ? node.next : node.next.map((n) => (n !== null && needed.has(n) ? n : null));
    if (needed !== null && wanted.every((n) => n === null)) return;
    if (node.freed) throw freed(node.name);
    tracer?.goesBack(node);
    const keeps = node.primitive.keepsNothing !== true;
    if (keeps) for (const g of grads) if (g != null) handOut(g);
    const results = needed === null ? derivativesOf(node, grads) : partOfDerivative(node, grads, wanted);
    for (let i = 0; i < wanted.length; i++) {
      const next = wanted[i];
      const result = results[i];
      if (next == null || result == null) continue;
      if (keeps) handOut(result);
      const g = fit(result, node, i);
      if (observed) notifyPassed(node, i, g);
      this.#deliver(next, node.nextOutput[i]!, g);
    }
    this.#letGo(grads);
    if (!this.#request.retainGraph) node.release();
  }

  /** Lets go of gradients that have been passed on; of recorded ones the graph may need the memory. */
  #letGo(grads: Gradients): void {
    const { createGraph } = this.#request;
    for (let i = 0; i < grads.length; i++) {
      const g = grads[i];
      if (g == null) continue;
      if (createGraph) g.storage.holders--;
      else letGo(g);
    }
  }

  /** Runs the hooks of an output, keeps its gradient where that is wanted. */
  #arrive(node: GradNode, output: number, gradient: Tensor): Tensor {
    const g = runHooks(node.hooks?.[output], gradient);
    const retained = node.retained?.[output];
    if (retained !== undefined) addToGrad(retained, g);
    this.#capture(node, output, g);
    return g;
  }

  #capture(node: Node, output: number, g: Tensor): void {
    const captures = this.#request.accumulate ? undefined : this.#captures?.get(node);
    if (captures === undefined) return;
    for (const { output: at, index } of captures) {
      if (at !== output) continue;
      handOut(g);
      this.#captured[index] = g;
    }
  }

  /** At a boundary of the walk: what arrives is a part of the gradient, so hooks do not see it yet. */
  #captureAll(node: Node, grads: Gradients): void {
    grads.forEach((g, i) => {
      if (g !== null) this.#capture(node, i, g);
    });
  }

  #finishLeaf(node: AccumulateGrad, gradient: Tensor | null): void {
    const { variable } = node;
    if (gradient === null) return;
    if (this.#captures !== null && !this.#captures.has(node)) return;
    const g = runHooks(autogradOf(variable).hooks ?? undefined, gradient);
    this.#capture(node, 0, g);
    if (observed) notifyVisit(node, [g]);
    if (!this.#request.accumulate) return;
    // A leaf that was frozen after the forward pass keeps the `.grad` that it has, and its hooks run, as in PyTorch.
    if (variable.requiresGrad) this.#accumulate(variable, g);
    g.storage.holders--;
    runAccumulateHooks(variable);
  }

  #accumulate(variable: Tensor, g: Tensor): void {
    const { createGraph } = this.#request;
    const leaf = autogradOf(variable);
    const before = leaf.gradient;
    tracer?.gradientMatters(variable);
    if (before === null) {
      // The gradient becomes the leaf's own only if nobody else holds it, since `.grad` is changed in place later.
      setGradient(leaf, !createGraph && isOwn(g) ? g : clone(g));
    } else if (createGraph) setGradient(leaf, add(before, g));
    else add_(before, g);
  }

  /** Lays a gradient down at the node that it goes to, which holds it from now on. */
  #deliver(node: Node, output: number, g: Tensor): void {
    g.storage.holders++;
    const place = this.#placeOf(node);
    const waiting = this.#pending[place] ?? null;
    if (waiting === null) {
      const outputs = isLeafNode(node) ? 1 : (node as GradNode).outputShapes.length;
      this.#pending[place] = besideNulls(g, output, outputs);
      return;
    }
    const first = waiting[output] ?? null;
    waiting[output] = first === null ? g : this.#sum(first, g);
  }

  #sum(first: Tensor, second: Tensor): Tensor {
    second.storage.holders--;
    const apart = first.storage !== second.storage;
    if (!this.#request.createGraph && isOwn(first) && apart && first.dtype === second.dtype) {
      return add_(first, second);
    }
    first.storage.holders--;
    const sum = add(first, second);
    sum.storage.holders = 1;
    return sum;
  }
}

function nodeOfRoot(root: Tensor, i: number, caller: string): Node {
  const node = edgeOf(root);
  if (node !== null) return node;
  throw new AutogradError(
    `${caller}: element ${i} of tensors does not require grad and does not have a grad_fn: no tensor that it was computed ` +
      'from has requiresGrad, or it was computed under noGrad',
  );
}

/** The nodes reachable from `roots`, youngest first; leaves, which have no age, last. */
function orderFrom(roots: readonly Node[]): Node[] {
  const visit = ++visits;
  const order: Node[] = [];
  const leaves: Node[] = [];
  for (let i = 0; i < roots.length; i++) meet(roots[i]!, visit, order, leaves);
  // The list grows while it is walked.
  for (let k = 0; k < order.length; k++) {
    const { next } = order[k]!;
    for (let i = 0; i < next.length; i++) meet(next[i]!, visit, order, leaves);
  }
  // A chain of operations, which most nets are, is met in its order.
  if (!youngestFirst(order)) order.sort((a, b) => b.sequence - a.sequence);
  for (let i = 0; i < leaves.length; i++) order.push(leaves[i]!);
  for (let k = 0; k < order.length; k++) order[k]!.place = k;
  return order;
}

function meet(node: Node | null, visit: number, operations: Node[], leaves: Node[]): void {
  if (node === null || node.visit === visit) return;
  node.visit = visit;
  (isLeafNode(node) ? leaves : operations).push(node);
}

/** The gradients of `outputs` outputs, of which one has arrived. */
function besideNulls(g: Tensor, output: number, outputs: number): (Tensor | null)[] {
  if (outputs === 1) return [g];
  const list = new Array<Tensor | null>(outputs);
  for (let i = 0; i < outputs; i++) list[i] = i === output ? g : null;
  return list;
}

function youngestFirst(operations: readonly Node[]): boolean {
  for (let k = 1; k < operations.length; k++) {
    if (operations[k]!.sequence > operations[k - 1]!.sequence) return false;
  }
  return true;
}

function capturesOf(inputs: readonly Tensor[], caller: string): Map<Node, Capture[]> {
  const captures = new Map<Node, Capture[]>();
  // Of a leaf that nothing was computed from, a program would not know that it has to require gradients.
  tracer?.meets(inputs.filter(({ gradFn, requiresGrad }) => gradFn === null && requiresGrad));
  inputs.forEach((input, index) => {
    const node = edgeOf(input);
    if (node === null) {
      throw new AutogradError(
        `${caller}: One of the differentiated Tensors does not require grad: input ${index} of shape ${formatShape(input.shape)}`,
      );
    }
    const list = captures.get(node) ?? [];
    list.push({ index, output: autogradOf(input).outputNumber });
    captures.set(node, list);
  });
  return captures;
}

/** The nodes from which one of `targets` can be reached: the others need not run. */
function nodesLeadingTo(targets: Iterable<Node>, order: readonly Node[]): Set<Node> {
  const needed = new Set(targets);
  for (const node of [...order].reverse()) {
    if (!needed.has(node) && node.next.some((next) => next !== null && needed.has(next))) needed.add(node);
  }
  return needed;
}

/** For a tensor that is no leaf, and may keep what it is given. */
function addToGrad(x: Tensor, g: Tensor): void {
  x.grad = x.grad === null ? clone(g) : add(x.grad, g);
}

function firstGradient(root: Tensor, gradient: Tensor | null, i: number, caller: string): Tensor {
  if (gradient === null) {
    if (root.count !== 1) {
      throw new AutogradError(
        `${caller}: grad can be implicitly created only for scalar outputs, got shape ${formatShape(root.shape)}; ` +
          'reduce it (sum, mean), or pass backward({ gradient })',
      );
    }
    if (!isFloatingPoint(root.dtype)) {
      throw new DTypeError(
        `${caller}: grad can be computed only for real floating point outputs, got ${root.dtype}`,
      );
    }
    return filled(root.shape, 1, root.dtype);
  }
  if (!sameShape(gradient.shape, root.shape)) {
    throw new ShapeError(
      `${caller}: Mismatch in shape: gradient ${i} has a shape of ${formatShape(gradient.shape)} and output ${i} has a shape of ` +
        `${formatShape(root.shape)}.`,
    );
  }
  return to(gradient, root.dtype);
}

function derivativesOf(node: GradNode, grads: Gradients): Gradients {
  const anomaly = anomalyMode.value;
  return anomaly === null ? node.primitive.backward(grads, node) : anomaly.derive(node, grads);
}

/** The gradients of some inputs only: the derivative can spare the others. */
function partOfDerivative(node: GradNode, grads: Gradients, wanted: readonly (Node | null)[]): Gradients {
  node.wanted = wanted;
  try {
    return derivativesOf(node, grads);
  } finally {
    node.wanted = node.next;
  }
}

/** Brings a gradient to the shape and dtype of the input it belongs to: sums over what was broadcast. */
function fit(gradient: Tensor, node: GradNode, i: number): Tensor {
  const shape = node.shape(i);
  const dtype = node.dtype(i);
  let g = gradient;
  if (g.shape !== shape && !sameShape(g.shape, shape)) {
    if (!expandsTo(shape, g.shape)) {
      throw new ShapeError(
        `${node.name} returned an invalid gradient at index ${i} - got ${formatShape(g.shape)} but expected shape ` +
          `compatible with ${formatShape(shape)}`,
      );
    }
    g = summedTo(g, shape);
  }
  return g.dtype === dtype ? g : to(g, dtype);
}
