import { checkArguments, K, signature } from '../arguments/index.ts';
import { callListener } from '../arguments/signature.ts';
import { isFloatingPoint } from '../dtype.ts';
import { AutogradError, ShapeError } from '../errors.ts';
import { zeros } from '../ops/creation/fill.ts';
import { viewAs } from '../ops/views/shape.ts';
import { disown, isPromise } from '../readable.ts';
import { isRecording, withGradMode } from '../record/flags.ts';
import { prepareInPlace } from '../record/in-place.ts';
import { GradNode, moveRetained } from '../record/node.ts';
import { announce, tracer } from '../record/observe.ts';
import { SavedTensors } from '../record/saved-tensors.ts';
import { recordInBase } from '../record/view-history.ts';
import { expandsTo, formatShape, type Shape } from '../shape.ts';
import { autogradOf, requireUnfrozen, Tensor } from '../tensor.ts';
import { FunctionContext } from './function-context.ts';

export { FunctionContext } from './function-context.ts';

/**
 * What `forward` of a custom function returns: a tensor, or several values, of which tensors take part in the graph.
 */
export type FunctionOutput = Tensor | readonly unknown[] | [];

/** The gradients that `backward` gets: one for each output, `null` for outputs that are no tensors. */
export type OutputGradients<Out> = Out extends readonly unknown[]
  ? { [K in keyof Out]: Out[K] extends Tensor ? Tensor : null }
  : [g: Tensor];

/** The gradients that `backward` returns: one for each argument of `forward`, `null` for those that are no tensors. */
export type InputGradients = Tensor | null | readonly (Tensor | null | undefined)[];

/** An operation with a derivative of its own: see {@link defineFunction}. */
export interface FunctionDefinition<
  Args extends readonly unknown[],
  Out extends FunctionOutput,
  State extends object,
> {
  /** How the operation is called in errors, and in the printed form of its results: `Exp` prints `<ExpBackward>`. */
  readonly name?: string;
  /** Computes the result, without recording. Tensors of which the gradient is wanted are arguments, not captured. */
  forward(ctx: FunctionContext<State>, ...args: Args): Out;
  /** Returns the gradient of each argument, given those of the outputs; recorded under `createGraph`. */
  backward(ctx: FunctionContext<State>, ...grads: OutputGradients<Out>): InputGradients;
}

/**
 * Makes an operation out of a forward and a backward function, for what autograd cannot derive, or derives badly.
 *
 * `forward` runs without recording and may do what it wants; what `backward` needs it hands on by
 * `ctx.saveForBackward(...tensors)` and, for everything else, `ctx.state`. `backward` is given the gradients of the
 * outputs and returns those of the arguments: one tensor, or an array with one entry for each argument. Written with
 * tensor operations it can itself be differentiated; else wrap it in {@link onceDifferentiable}.
 *
 * Follows `torch.autograd.Function`; the class form is {@link CustomFunction}, exported as `autograd.Function`.
 * @throws AutogradError where `forward` returns no tensors, or `backward` not one gradient for each argument
 * @throws ShapeError where a gradient does not fit its argument
 * @example
 * ```ts
 * const scaledExp = autograd.defineFunction({
 *   name: 'ScaledExp',
 *   forward(ctx: autograd.FunctionContext<{ scale: number }>, x: Tensor, scale: number) {
 *     const y = x.mul(scale).exp();
 *     ctx.saveForBackward(y);
 *     ctx.state.scale = scale;
 *     return y;
 *   },
 *   backward(ctx, g) {
 *     const [y] = ctx.savedTensors;
 *     return [g.mul(y).mul(ctx.state.scale), null];
 *   },
 * });
 * scaledExp(tensor([0, 1], { dtype: 'float32', requiresGrad: true }), 2);
 * // tensor([1.0000, 7.3891], grad_fn=<ScaledExpBackward>)
 * ```
 */
export function defineFunction<
  Args extends readonly unknown[],
  Out extends FunctionOutput,
  State extends object = Record<string, unknown>,
>(definition: FunctionDefinition<Args, Out, State>): (...args: Args) => Out {
  checkArguments('defineFunction', { definition: functionDefinition }, arguments);
  const call = (...args: Args): Out => run(definition, args);
  return Object.defineProperty(call, 'name', { value: definition.name ?? 'customFunction' });
}

const functionDefinition = K.kind('an object with the functions forward and backward', (x) =>
  ['forward', 'backward'].every((name) => K.callable.accepts((x as Record<string, unknown> | null)?.[name])),
);

/**
 * The class form of {@link defineFunction}, as in PyTorch: static `forward` and `backward`, called by `apply`, whose
 * types are those of `forward`.
 * @example
 * ```ts
 * class MyExp extends autograd.Function {
 *   static forward(ctx: autograd.FunctionContext, x: Tensor) {
 *     const y = x.exp();
 *     ctx.saveForBackward(y);
 *     return y;
 *   }
 *   static backward(ctx: autograd.FunctionContext, g: Tensor) {
 *     const [y] = ctx.savedTensors;
 *     return g.mul(y);
 *   }
 * }
 * const x = tensor([0.5, 1], { requiresGrad: true });
 * MyExp.apply(x).sum().backward();
 * x.grad; // tensor([1.6487, 2.7183])
 * ```
 */
// biome-ignore lint/complexity/noStaticOnlyClass: PyTorch's form, whose subclasses are never instantiated
export abstract class CustomFunction {
  /** Runs `forward` of the subclass and records its `backward`. */
  static apply<Args extends readonly unknown[], Out extends FunctionOutput, State extends object>(
    this: FunctionDefinition<Args, Out, State>,
    ...args: Args
  ): Out {
    // biome-ignore lint/complexity/noThisInStatic: it is the subclass whose apply was called
    return run(this, args);
  }
}

/** The node of a custom function. */
export class FunctionNode extends GradNode<null> {
  readonly #name: string;
  readonly saved: SavedTensors;

  constructor(
    name: string,
    inputs: readonly Tensor[],
    saved: SavedTensors,
    backward: (grads: readonly (Tensor | null)[], node: FunctionNode) => readonly (Tensor | null)[],
  ) {
    const derivative = (grads: readonly (Tensor | null)[], node: GradNode<null>) =>
      backward(grads, node as FunctionNode);
    super({ name, saves: 0, differentiable: true, backward: derivative }, inputs, null);
    this.#name = `${name}Backward`;
    this.saved = saved;
  }

  override get name(): string {
    return this.#name;
  }

  override get freed(): boolean {
    return this.saved.freed;
  }

  override release(): void {
    this.saved.release();
  }
}

const ownDerivative = signature('autograd.Function', { definition: K.anything });

function run<Args extends readonly unknown[], Out extends FunctionOutput, State extends object>(
  definition: FunctionDefinition<Args, Out, State>,
  args: Args,
): Out {
  if (!functionDefinition.accepts(definition))
    checkArguments('Function.apply', { class: functionDefinition }, [definition]);
  // Who writes calls down is to know that what follows has a derivative of its own.
  if (callListener !== null) ownDerivative([definition]);
  const name = definition.name || 'Function';
  const needs = args.map((x) => x instanceof Tensor && x.requiresGrad);
  const ctx = new FunctionContext<State>(`${name}Backward`, needs);
  const result = withGradMode(false, () => definition.forward(ctx, ...args));
  const single = !Array.isArray(result);
  const outputs: unknown[] = single ? [result] : [...result];
  if (single && !(result instanceof Tensor)) {
    disown(result);
    const what = isPromise(result) ? 'a Promise' : `a value of type ${typeof result}`;
    throw new AutogradError(`${name}: forward must return a Tensor or an array of values, got ${what}`);
  }
  const inputs = args.filter((x) => x instanceof Tensor);
  const { dirty, nonDifferentiable } = ctx.marks;
  // Counted even where forward wrote to the array itself, and before the saved tensors note their versions; also where
  // this is not recorded, since others may have saved what is changed.
  for (const x of dirty) {
    if (!inputs.includes(x)) throw new AutogradError(`${name}: markDirty takes inputs of the function only`);
    if (!outputs.includes(x))
      throw new AutogradError(`${name}: a tensor marked dirty must also be returned by forward`);
    prepareInPlace(x, inputs, name);
    x.storage.version++;
  }
  if (!isRecording() || !needs.includes(true)) {
    const apart = outputs.map((y) => (y instanceof Tensor && !dirty.has(y) ? outsideGraph(y, inputs) : y));
    return (single ? apart[0] : apart) as Out;
  }
  const saved = ctx.seal();
  // Not the arguments themselves, which would be kept alive with the graph.
  const shapes = args.map((x) => (x instanceof Tensor ? x.shape : null));
  const isTensor = outputs.map((y) => y instanceof Tensor);
  const backward = (grads: readonly (Tensor | null)[], node: FunctionNode): readonly (Tensor | null)[] => {
    const given = isTensor.map((tensor, i) =>
      tensor ? (grads[i] ?? (ctx.marks.materialize ? zerosOfOutput(node, i) : null)) : null,
    );
    ctx.node = node;
    const gradients = definition.backward(ctx, ...(given as OutputGradients<Out>));
    return checkGradients(gradients, shapes, node);
  };
  const node = announce(new FunctionNode(name, inputs, saved, backward));
  const bound = bindOutputs(node, outputs, inputs, dirty, nonDifferentiable);
  return (single ? bound[0] : bound) as Out;
}

/**
 * Gives the outputs their place in the graph; those that are inputs, or belong elsewhere already, are aliased first.
 */
export function bindOutputs(
  node: GradNode<null>,
  outputs: readonly unknown[],
  inputs: readonly Tensor[],
  dirty: ReadonlySet<Tensor>,
  nonDifferentiable: ReadonlySet<Tensor>,
): unknown[] {
  node.outputShapes = outputs.map((y) => (y instanceof Tensor ? y.shape : []));
  node.outputDtypes = outputs.map((y) => (y instanceof Tensor ? y.dtype : 'float32'));
  return outputs.map((y, i) => {
    if (!(y instanceof Tensor)) return y;
    if (nonDifferentiable.has(y) || !isFloatingPoint(y.dtype)) return y.requiresGrad ? alias(y) : y;
    let out = y;
    if (dirty.has(y)) {
      requireUnfrozen(node.name, y);
      const { base } = autogradOf(y);
      if (base !== null) {
        recordInBase(y, base, node as GradNode, i);
        return y;
      }
      if (y.gradFn !== null) moveRetained(y, y.gradFn, node as GradNode, i);
      autogradOf(y).rebinds++;
    } else {
      if (y.requiresGrad || inputs.includes(y) || Object.isFrozen(y)) out = alias(y);
      const source = inputs.find((x) => x.storage === y.storage);
      if (source !== undefined) {
        const base = autogradOf(source).base ?? source;
        Object.assign(autogradOf(out), { base, baseRebinds: autogradOf(base).rebinds });
      }
    }
    out.gradFn = node as GradNode;
    autogradOf(out).outputNumber = i;
    return out;
  });
}

/**
 * A result where nothing is recorded: an input is never the result itself, and nothing leads on from it to what made
 * it.
 */
function outsideGraph(y: Tensor, inputs: readonly Tensor[]): Tensor {
  if (!y.requiresGrad && !inputs.includes(y)) return y;
  return withGradMode(isRecording() && !y.requiresGrad, () => viewAs(y, y));
}

function alias(x: Tensor): Tensor {
  const y = new Tensor(x.storage, x.shape, x.dtype, x.offset, x.strides);
  autogradOf(y).inference = autogradOf(x).inference;
  tracer?.meets([x]);
  tracer?.ran('alias', [x], undefined, [y], null);
  return y;
}

const zerosOfOutput = (node: GradNode<null>, i: number): Tensor =>
  zeros(node.outputShapes[i]!, { dtype: node.outputDtypes[i]! });

/** The gradients of the tensors among the arguments, whose shapes are given, after every check that teaches. */
function checkGradients(
  returned: InputGradients | undefined,
  shapes: readonly (Shape | null)[],
  node: FunctionNode,
): (Tensor | null)[] {
  const list: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  const extra = list.slice(shapes.length).some((g) => g != null);
  if (returned === undefined || list.length < shapes.length || extra) {
    throw new AutogradError(
      `function ${node.name} returned an incorrect number of gradients (expected ${shapes.length}, got ` +
        `${returned === undefined ? 0 : list.length}): backward returns one for each argument of forward, null for ` +
        'those that need none',
    );
  }
  const result: (Tensor | null)[] = [];
  for (const [i, shape] of shapes.entries()) {
    const g = list[i] ?? null;
    if (shape === null) {
      if (g === null) continue;
      throw new AutogradError(
        `function ${node.name} returned a gradient different from null at position ${i + 1}, but the corresponding ` +
          'forward input was not a Tensor',
      );
    }
    result.push(checkGradient(g, shape, i, node));
  }
  return result;
}

function checkGradient(g: unknown, shape: Shape, i: number, node: FunctionNode): Tensor | null {
  if (g === null) return null;
  if (!(g instanceof Tensor)) {
    throw new AutogradError(
      `function ${node.name}: expected a Tensor or null at position ${i + 1} of the gradients, got ` +
        `${isPromise(g) ? 'a Promise' : typeof g}`,
    );
  }
  if (!expandsTo(shape, g.shape)) {
    throw new ShapeError(
      `Function ${node.name} returned an invalid gradient at index ${i} - got ${formatShape(g.shape)} but expected ` +
        `shape compatible with ${formatShape(shape)}`,
    );
  }
  if (!isFloatingPoint(g.dtype)) {
    throw new AutogradError(
      `Function ${node.name} returned an invalid gradient at index ${i} - expected a floating point dtype but got ${g.dtype}`,
    );
  }
  return g;
}

/**
 * Marks a `backward` that cannot be differentiated: it runs without recording, also under `createGraph`, and to
 * differentiate what it returns is an error. Follows `torch.autograd.function.once_differentiable`, which, though,
 * lets second derivatives come out wrong, as if the gradient were constant, where the incoming gradient is one.
 * @throws AutogradError when what it returned is differentiated
 * @example
 * ```ts
 * const twice = autograd.defineFunction({
 *   forward: (ctx, x: Tensor) => x.mul(2),
 *   backward: autograd.onceDifferentiable((ctx, g: Tensor) => g.mul(2)),
 * });
 * const x = tensor([0.5], { requiresGrad: true });
 * autograd.grad(twice(x).sum(), x); // [ tensor([2.]) ]
 * ```
 */
export function onceDifferentiable<Context, Grads extends readonly unknown[]>(
  backward: (ctx: Context, ...grads: Grads) => InputGradients,
): (ctx: Context, ...grads: Grads) => InputGradients {
  checkArguments('onceDifferentiable', { backward: K.callable }, arguments);
  return (ctx, ...grads) => {
    const result = withGradMode(false, () => backward(ctx, ...grads));
    const node = ctx instanceof FunctionContext ? ctx.node : null;
    if (!isRecording() || node === null) return result;
    const refuse = <G>(g: G): G => (g instanceof Tensor ? (refuseSecond(g, node) as G) : g);
    return Array.isArray(result) ? result.map(refuse) : refuse(result);
  };
}

/** `g` as the result of a node that leads where `origin` leads, and refuses to go there. */
function refuseSecond(g: Tensor, origin: GradNode<null>): Tensor {
  const node = new FunctionNode('OnceDifferentiable', [], new SavedTensors([]), () => {
    throw new AutogradError(
      'trying to differentiate twice a function that was marked with onceDifferentiable',
    );
  });
  node.next.push(...origin.next);
  node.nextOutput.push(...origin.nextOutput);
  return bindOutputs(announce(node), [alias(g)], [], new Set(), new Set())[0] as Tensor;
}
