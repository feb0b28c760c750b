import type { DType } from '../dtype.ts';
import { AutogradError } from '../errors.ts';
import type { Expr } from '../kernels/index.ts';
import type { Shape } from '../shape.ts';
import type { GradHook, HookList, Tensor } from '../tensor.ts';
import { autogradOf, requireUnfrozen } from '../tensor.ts';
import type { Code } from './code.ts';

/** @internal What an elementwise operation computes: its value over `input(i)` and `param(i)`, in lanes of a dtype. */
interface Elementwise {
  readonly expression: Expr;
  readonly dtype: DType;
}

/** What every operation has, and all that a node needs to know of the one that made it. */
export interface Differentiable<A> {
  /** PyTorch's name: `log_softmax` makes results whose gradFn prints as `<LogSoftmaxBackward0>`. */
  readonly name: string;
  /** PyTorch's name of the node, where it is that of another operation: 1 / x is a `<MulBackward0>`. */
  readonly shown?: string | undefined;
  /** PyTorch numbers the overloads of an operation: this is the number behind the name. Default: 0. */
  overload?(attrs: A): number;
  /** Which inputs and outputs the derivative reads: `INPUT(0) | OUTPUT`. Only these are kept for backward. */
  readonly saves?: number;
  /** Of several results, those that the derivative does not read although it reads others. */
  readonly leaves?: readonly number[];
  /**
   * Whether the derivative keeps none of the gradients that it is given and returns, so that the engine may add to them
   * in place and make one the `.grad` of a leaf. Otherwise whatever passes through it is never written again. Default:
   * false.
   */
  readonly keepsNothing?: boolean;
  /**
   * @internal What it computes of such inputs, where that is one expression for all elements: for those who write it in
   *   another language.
   */
  elementwise?(inputs: readonly Tensor[], attrs: A): Elementwise;
  /** @internal How it is written in a program, with these attributes. */
  code?(attrs: A): Code;
  /** @internal Whether the results can require a gradient. */
  readonly differentiable: boolean;
  /** @internal The derivative in the form that the engine calls; made by the `define...` functions. */
  backward(grads: readonly (Tensor | null)[], node: GradNode<A>): readonly (Tensor | null)[];
}

/** Bits of {@link Differentiable.saves}: which tensors the derivative reads. */
export const INPUT = (i: number): number => 1 << i;
/** The bit of the results, as {@link INPUT}. */
export const OUTPUT = 1 << 30;
export const ALL_INPUTS = OUTPUT - 1;

let sequence = 0;
/** The {@link Node.sequence} of the youngest one that counts. @internal */
export const youngestNode = (): number => sequence;

const none: readonly never[] = [];

/** A vertex of the graph that backward walks: a recorded operation, or the place where a leaf's gradient gathers. */
export abstract class Node {
  abstract readonly name: string;
  /** Creation order: an operation comes after the operations that made its inputs. */
  abstract readonly sequence: number;
  /** The nodes that made the inputs, `null` where no gradient is wanted. */
  abstract readonly next: readonly (Node | null)[];
  /** Which output of `next[i]` input i is. */
  abstract readonly nextOutput: readonly number[];
  /** The last walk over the graph that met this node. @internal */
  visit = 0;
  /** Where that walk put this node in its order. @internal */
  place = 0;

  /** `<MulBackward0>`: the name, as in a printed tensor. */
  toString(): string {
    return `<${this.name}>`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

const lastOfAll = -1;

/** The node of a leaf: backward adds what arrives here to `variable.grad`. */
export class AccumulateGrad extends Node {
  /** PyTorch's name. */
  readonly name = 'AccumulateGrad';
  /** After every operation. */
  readonly sequence = lastOfAll;
  readonly next: readonly Node[] = [];
  readonly nextOutput: readonly number[] = [];
  /** The leaf whose `grad` it adds to. */
  readonly variable: Tensor;

  constructor(variable: Tensor) {
    super();
    this.variable = variable;
  }
}

/**
 * A recorded operation, which is also the context that its derivative gets: the saved inputs and outputs
 * (checked against being overwritten), the attributes, and which inputs want a gradient.
 * @throws AutogradError when an inference tensor would have to be saved
 */
export class GradNode<A = unknown> extends Node {
  /** What was run. */
  readonly primitive: Differentiable<A>;
  /** What it was run with, besides its inputs. */
  readonly attrs: A;
  readonly sequence = ++sequence;
  readonly next: (Node | null)[];
  readonly nextOutput: number[];
  /** The part of `next` whose gradients the running backward pass wants. @internal */
  wanted: readonly (Node | null)[];
  /** The shape of each input: gradients are fitted to them. */
  readonly inputShapes: Shape[];
  /** The dtype of each input. */
  readonly inputDtypes: DType[];
  /** The shape of each output. */
  outputShapes: readonly Shape[] = none;
  /** The dtype of each output. */
  outputDtypes: readonly DType[] = none;
  /** Gradient hooks per output. @internal */
  hooks: (HookList<GradHook> | undefined)[] | null = null;
  /** The outputs that retain their gradient. @internal */
  retained: (Tensor | undefined)[] | null = null;
  /** Where the forward operation was called, in anomaly mode. @internal */
  trace: string | null = null;

  #inputs: (Tensor | null)[] | null;
  #inputVersions: number[];
  #outputs: (Tensor | null)[] | null = null;
  #outputVersions: number[] | null = null;

  constructor(primitive: Differentiable<A>, inputs: readonly Tensor[], attrs: A) {
    super();
    this.primitive = primitive;
    this.attrs = attrs;
    const n = inputs.length;
    const next = new Array<Node | null>(n);
    const nextOutput = new Array<number>(n);
    const saved = new Array<Tensor | null>(n);
    const versions = new Array<number>(n);
    const shapes = new Array<Shape>(n);
    const dtypes = new Array<DType>(n);
    const saves = primitive.saves ?? ALL_INPUTS;
    for (let i = 0; i < n; i++) {
      const x = inputs[i]!;
      next[i] = edgeOf(x);
      nextOutput[i] = autogradOf(x).outputNumber;
      shapes[i] = x.shape;
      dtypes[i] = x.dtype;
      const keep = (saves & (1 << i)) !== 0;
      if (keep && autogradOf(x).inference) {
        throw new AutogradError(
          `${primitive.name}: Inference tensors cannot be saved for backward. To work around you can make a clone ` +
            'to get a normal tensor and use it in autograd.',
        );
      }
      saved[i] = keep ? x : null;
      versions[i] = x.storage.version;
    }
    this.next = next;
    this.wanted = next;
    this.nextOutput = nextOutput;
    this.inputShapes = shapes;
    this.inputDtypes = dtypes;
    this.#inputs = saved;
    this.#inputVersions = versions;
  }

  /** The name under which this node stands for an operation composed of several: see `composed` in apply.ts. */
  label: string | null = null;

  /** PyTorch's name of the node: `mul` is `MulBackward0`. */
  get name(): string {
    return (
      this.label ??
      gradFnName(this.primitive.shown ?? this.primitive.name, this.primitive.overload?.(this.attrs))
    );
  }

  /** Binds the result once it exists: after an in-place change, so that the version is the new one. @internal */
  setOutput(output: Tensor): void {
    this.outputShapes = [output.shape];
    this.outputDtypes = [output.dtype];
    if (((this.primitive.saves ?? 0) & OUTPUT) !== 0) {
      this.#outputs = [output];
      this.#outputVersions = [output.storage.version];
    }
  }

  /** {@link setOutput} for several results. @internal */
  setOutputs(outputs: readonly Tensor[]): void {
    this.outputShapes = outputs.map((y) => y.shape);
    this.outputDtypes = outputs.map((y) => y.dtype);
    if (((this.primitive.saves ?? 0) & OUTPUT) !== 0) {
      const { leaves } = this.primitive;
      this.#outputs =
        leaves === undefined ? outputs.slice() : outputs.map((y, i) => (leaves.includes(i) ? null : y));
      this.#outputVersions = outputs.map((y) => y.storage.version);
    }
  }

  /** Whether input `i` wants a gradient. */
  needs(i: number): boolean {
    return this.wanted[i] !== null;
  }

  /** The shape of input `i`. */
  shape(i: number): Shape {
    return this.inputShapes[i]!;
  }

  /** The dtype of input `i`. */
  dtype(i: number): DType {
    return this.inputDtypes[i]!;
  }

  /**
   * The saved input `i`.
   * @throws AutogradError if it was not saved or the graph was freed, or if the tensor was changed in place since
   */
  input(i: number): Tensor {
    if (this.#inputs === null) throw freed(this.name);
    const x = this.#inputs[i];
    if (x == null) throw new AutogradError(`${this.primitive.name}: input ${i} was not saved for backward`);
    checkVersion(x, this.#inputVersions[i]!, this.name, `input ${i}`, this.trace);
    return x;
  }

  /**
   * The saved output `i`.
   * @throws AutogradError as {@link input}
   */
  output(i = 0): Tensor {
    if (this.#inputs === null) throw freed(this.name);
    const y = this.#outputs?.[i];
    if (y == null) throw new AutogradError(`${this.primitive.name}: its output was not saved for backward`);
    checkVersion(y, this.#outputVersions![i]!, this.name, 'the output', this.trace);
    return y;
  }

  /**
   * The saved output `i`, out of the graph and given away: it is the derivative's own, to change or to pass on. `null`
   * where it was given away before, as in a second backward over a retained graph, or was not made.
   */
  takeOutput(i: number): Tensor | null {
    const y = this.#outputs?.[i] ?? null;
    if (y === null) return null;
    (this.#outputs as (Tensor | null)[])[i] = null;
    y.gradFn = null;
    return y;
  }

  /** Whether saved tensors were let go. @internal */
  get freed(): boolean {
    return this.#inputs === null;
  }

  /** Lets go of what was saved, after a backward that does not retain the graph. @internal */
  release(): void {
    const saves = this.primitive.saves ?? ALL_INPUTS;
    if (saves === 0) return;
    this.#inputs = null;
    this.#outputs = null;
  }
}

/**
 * Whether a node is that of a leaf. By its age: `instanceof` costs many times as much on the way through a graph.
 * @internal
 */
export const isLeafNode = (node: Node): node is AccumulateGrad => node.sequence === lastOfAll;

/** The node into which the gradient of `x` flows, or `null`. */
export function edgeOf(x: Tensor): Node | null {
  if (x.gradFn !== null) return x.gradFn;
  return autogradOf(x).leafRequiresGrad ? accumulatorOf(x) : null;
}

function accumulatorOf(x: Tensor): AccumulateGrad {
  const known = autogradOf(x).accumulator;
  if (known !== null) return known;
  requireUnfrozen('autograd', x);
  return (autogradOf(x).accumulator = new AccumulateGrad(x));
}

/** An in-place operation gave `x` a new node: a gradient that it retains is from now on that of the new value. */
export function moveRetained(x: Tensor, from: GradNode, to: GradNode, output: number): void {
  if (from.retained?.[autogradOf(x).outputNumber] !== x) return;
  from.retained[autogradOf(x).outputNumber] = undefined;
  (to.retained ??= [])[output] = x;
}

const names = new Map<string, string>();

/** `log_softmax` is `LogSoftmaxBackward0`. */
export function gradFnName(primitive: string, overload = 0): string {
  let name = names.get(primitive);
  if (name === undefined) {
    // A digit starts a word too: `log1p` is `Log1P`.
    name = `${primitive.replace(/(?:^|_|(?<=\d))([a-z])/g, (_, c: string) => c.toUpperCase())}Backward`;
    names.set(primitive, name);
  }
  return `${name}${overload}`;
}

export function freed(name: string): AutogradError {
  return new AutogradError(
    `${name}: Trying to backward through the graph a second time (or directly access saved tensors after they have ` +
      'already been freed). Saved intermediate values of the graph are freed when you call backward() or ' +
      'autograd.grad(). Specify retainGraph: true if you need to backward through the graph a second time.',
  );
}

/** Throws if `x` was changed in place since its storage had `version`. */
export function checkVersion(
  x: Tensor,
  version: number,
  node: string,
  what: string,
  trace: string | null,
): void {
  const now = x.storage.version;
  if (now === version) return;
  throw new AutogradError(
    'one of the variables needed for gradient computation has been modified by an inplace operation: ' +
      `${what} of ${node}, ${x.dtype} [${x.shape.join(', ')}], is at version ${now}; expected version ${version} ` +
      `instead.${trace === null ? ' Hint: autograd.setDetectAnomaly(true) shows where that operation was called.' : `\n${trace}`}`,
  );
}
