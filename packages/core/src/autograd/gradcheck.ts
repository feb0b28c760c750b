import { K, signature, withoutUndefined } from '../arguments/index.ts';
import { AutogradError, ShapeError } from '../errors.ts';
import { zerosLike } from '../ops/creation/fill.ts';
import { contiguousStrides, formatShape, sameShape } from '../shape.ts';
import { autogradOf, isOfClass, Tensor, wrapArray } from '../tensor.ts';
import { grad } from './backward.ts';
import { outputsOf } from './functional-call.ts';
import {
  analyticalJacobian,
  compareJacobians,
  copyOfData,
  directionalDerivatives,
  numericalJacobian,
  offByTolerance,
  randomVector,
  zip,
} from './jacobians.ts';

/** A function that {@link gradcheck} takes: of tensors and other values, to one or several tensors. */
export type Checked<Args extends readonly unknown[]> = (...args: Args) => Tensor | readonly Tensor[];

/** Options of {@link gradcheck} and {@link gradgradcheck}. */
export interface GradcheckOptions {
  /** The step of the finite differences. Default: 1e-6. */
  readonly eps?: number;
  /** Absolute tolerance. Default: 1e-5. */
  readonly atol?: number;
  /** Relative tolerance, of the numerical derivative. Default: 1e-3. */
  readonly rtol?: number;
  /** Whether a failure raises a {@link GradcheckError}; else the result is `false`. Default: true. */
  readonly raiseException?: boolean;
  /** How much two runs of the same backward may differ. Default: 0. */
  readonly nondetTol?: number;
  /** Whether a backward that gets no gradient for some of several outputs must do as with zeros. Default: true. */
  readonly checkUndefinedGrad?: boolean;
  /** Compare one random projection of each Jacobian instead of all entries: for large inputs. Default: false. */
  readonly fastMode?: boolean;
}

/** Options of {@link gradgradcheck}. */
export interface GradgradcheckOptions extends GradcheckOptions {
  /** Whether the drawn gradients of the outputs are not contiguous. Default: false. */
  readonly genNonContigGradOutputs?: boolean;
}

/** A derivative that finite differences do not confirm: PyTorch's `GradcheckError`. */
export class GradcheckError extends AutogradError {
  override name = 'GradcheckError';
}

const defaults = {
  eps: 1e-6,
  atol: 1e-5,
  rtol: 1e-3,
  raiseException: true,
  nondetTol: 0,
  checkUndefinedGrad: true,
  fastMode: false,
} as const satisfies Required<GradcheckOptions>;
type Settings = Required<GradcheckOptions>;

const gradcheckKinds: K.Kinds<GradcheckOptions> = {
  eps: K.kind('a finite number > 0', (x) => Number.isFinite(x) && (x as number) > 0),
  atol: K.nonNegative,
  rtol: K.nonNegative,
  raiseException: K.flag,
  nondetTol: K.nonNegative,
  checkUndefinedGrad: K.flag,
  fastMode: K.flag,
};
const tested = { fn: K.callable, inputs: K.either(K.tensor, K.listOf(K.anything, 'an array of arguments')) };
const gradcheckTakes = signature('gradcheck', {
  ...tested,
  options: K.options<GradcheckOptions>(gradcheckKinds),
});
const gradgradcheckTakes = signature('gradgradcheck', {
  ...tested,
  gradOutputs: K.nullable(K.either(K.tensor, K.tensors)),
  options: K.options<GradgradcheckOptions>({ ...gradcheckKinds, genNonContigGradOutputs: K.flag }),
});

/**
 * Checks the gradients that backward computes for `fn` against central finite differences,
 * (fn(x + eps) - fn(x - eps)) / 2 eps, for every element of every input that requires a gradient and every element of
 * every output: |analytical - numerical| <= atol + rtol |numerical|.
 *
 * Inputs are float64 (finite differences in float32 tell nothing at this eps) and may be non-contiguous views; those
 * that require no gradient, and values that are no tensors, are passed on as they are. Also checks that backward gives
 * the same twice, and is linear in the gradient it gets. Follows `torch.autograd.gradcheck`.
 * @returns `true`, or `false` where it fails and `raiseException` is `false`.
 * @throws GradcheckError that names the worst entry: output element, input element, both derivatives.
 * @throws AutogradError if no input requires a gradient, or inputs overlap themselves or are of low precision.
 * @example
 * ```ts
 * const x = tensor([0.5, 2], { dtype: 'float64', requiresGrad: true });
 * autograd.gradcheck((x: Tensor) => x.exp().div(x), [x]); // true
 * ```
 */
export function gradcheck<Args extends readonly unknown[]>(
  fn: Checked<Args>,
  inputs: Tensor | readonly [...Args],
  options: GradcheckOptions = {},
): boolean {
  gradcheckTakes(arguments);
  const args = (inputs instanceof Tensor ? [inputs] : [...inputs]) as unknown as Args;
  return check(fn, args, options, 'gradcheck');
}

function check<Args extends readonly unknown[]>(
  fn: Checked<Args>,
  args: Args,
  options: GradcheckOptions,
  caller: string,
): boolean {
  const settings: Settings = { ...defaults, ...withoutUndefined(options) };
  try {
    new Check(fn, args, settings, caller).run();
  } catch (error) {
    if (error instanceof GradcheckError && !settings.raiseException) return false;
    throw error;
  }
  return true;
}

/**
 * {@link gradcheck} of the gradients themselves: of the function from the inputs of `fn`, and the gradients of its
 * outputs, to the gradients of its inputs. Those of the outputs are drawn unless given.
 * Follows `torch.autograd.gradgradcheck`.
 * @throws GradcheckError, AutogradError as {@link gradcheck}, ShapeError where `gradOutputs` do not fit the outputs
 */
export function gradgradcheck<Args extends readonly unknown[]>(
  fn: Checked<Args>,
  inputs: Tensor | readonly [...Args],
  gradOutputs: Tensor | readonly Tensor[] | null = null,
  options: GradgradcheckOptions = {},
): boolean {
  gradgradcheckTakes(arguments);
  const args = (inputs instanceof Tensor ? [inputs] : [...inputs]) as unknown as Args;
  const outputs = listOf('gradgradcheck', fn(...args)).filter((y) => y.requiresGrad);
  const gradients =
    gradOutputs === null
      ? outputs.map((y, i) => drawGradient(y, i, options.genNonContigGradOutputs ?? false))
      : gradOutputs instanceof Tensor
        ? [gradOutputs]
        : gradOutputs;
  checkGradOutputs(gradients, outputs);
  const wanted = differentiable(args).map(({ position }) => position);
  const gradientOf = (...all: unknown[]): Tensor[] => {
    const at = all.slice(0, args.length) as unknown as Args;
    const given = all.slice(args.length) as Tensor[];
    const roots = listOf('gradgradcheck', fn(...at)).filter((y) => y.requiresGrad);
    const found = grad(
      roots,
      wanted.map((i) => at[i] as Tensor),
      { gradOutputs: given, createGraph: true, allowUnused: true },
    );
    return found.filter((g) => g !== null);
  };
  Object.defineProperty(gradientOf, 'name', { value: `the gradient of ${fn.name || 'the function'}` });
  const { genNonContigGradOutputs: _, ...checked } = options;
  return check(gradientOf, [...args, ...gradients], checked, 'gradgradcheck');
}

/** The outputs of a function; here it may have none. */
const listOf = (caller: string, y: unknown): readonly Tensor[] =>
  Array.isArray(y) && y.length === 0 ? [] : outputsOf(caller, y);

interface CheckedOutput {
  readonly y: Tensor;
  /** Its place among all outputs. */
  readonly index: number;
}

interface CheckedInput {
  readonly x: Tensor;
  readonly position: number;
}

const differentiable = (args: readonly unknown[]): CheckedInput[] =>
  args.flatMap((x, position) => (isOfClass(x) && x.requiresGrad ? [{ x, position }] : []));

function drawGradient(like: Tensor, seed: number, strided: boolean): Tensor {
  const values = randomVector(like.count, seed + 1);
  if (!strided) return leaf(wrapArray(values, like.shape, 'float64'));
  const spread = new Float64Array(2 * like.count);
  for (const [i, value] of values.entries()) spread[2 * i] = value;
  const dense = wrapArray(spread, [2 * like.count], 'float64');
  const strides = contiguousStrides(like.shape).map((s) => 2 * s);
  return leaf(new Tensor(dense.storage, like.shape, 'float64', 0, strides));
}

function leaf(x: Tensor): Tensor {
  autogradOf(x).leafRequiresGrad = true;
  return x;
}

function checkGradOutputs(gradients: readonly Tensor[], outputs: readonly Tensor[]): void {
  const fits =
    gradients.length === outputs.length &&
    outputs.every((y, i) => sameShape(y.shape, gradients[i]?.shape ?? []));
  if (fits) return;
  const shapes = (list: readonly Tensor[]) => list.map((t) => formatShape(t.shape)).join(', ');
  throw new ShapeError(
    `gradgradcheck: gradOutputs of shapes (${shapes(gradients)}) do not fit the differentiable outputs ` +
      `(${shapes(outputs)})`,
  );
}

/** One run of gradcheck. */
class Check<Args extends readonly unknown[]> {
  readonly #fn: Checked<Args>;
  readonly #args: Args;
  readonly #settings: Settings;
  readonly #inputs: readonly CheckedInput[];
  readonly #name: string;
  /** The public function that checks. */
  readonly #caller: string;

  constructor(fn: Checked<Args>, args: Args, settings: Settings, caller: string) {
    this.#fn = fn;
    this.#args = args;
    this.#settings = settings;
    this.#inputs = differentiable(args);
    this.#name = fn.name || 'the function';
    this.#caller = caller;
    checkInputs(this.#inputs, settings, caller);
  }

  run(): void {
    const all = this.#evaluate();
    const outputs = all.flatMap((y, index) => (y.requiresGrad ? [{ y, index }] : []));
    if (outputs.length === 0) {
      this.#expectZero(all);
      return;
    }
    const mismatch = this.#settings.fastMode ? this.#fastMismatch(outputs) : this.#slowMismatch(outputs);
    if (mismatch !== null) throw this.#failed(mismatch);
    const tensors = outputs.map(({ y }) => y);
    this.#expectRepeatable(tensors);
    this.#expectLinear(tensors);
    if (this.#settings.checkUndefinedGrad && tensors.length > 1) this.#expectUndefinedAsZero(tensors);
  }

  #failed(how: string): GradcheckError {
    return new GradcheckError(`${this.#caller}: ${how}`);
  }

  #evaluate(): readonly Tensor[] {
    return listOf(this.#caller, this.#fn(...this.#args));
  }

  /** Evaluates these outputs anew, and copies their data, since an output may share the memory of a perturbed input. */
  #values(outputs: readonly CheckedOutput[]): Float64Array[] {
    const wanted = new Set(outputs.map(({ index }) => index));
    return this.#evaluate()
      .filter((_, i) => wanted.has(i))
      .map(copyOfData);
  }

  #expectZero(all: readonly Tensor[]): void {
    const outputs = all.map((y, index) => ({ y, index }));
    for (const { x, position } of this.#inputs) {
      for (const jacobian of numericalJacobian(x, () => this.#values(outputs), this.#settings.eps)) {
        if (jacobian.data.every((v) => v === 0)) continue;
        throw this.#failed(
          `Numerical gradient for function expected to be zero: no output of ${this.#name} requires a gradient, but ` +
            `they change with input ${position}`,
        );
      }
    }
  }

  /** A description of the first Jacobian that does not agree, or `null`. */
  #slowMismatch(outputs: readonly CheckedOutput[]): string | null {
    const tensors = this.#inputs.map(({ x }) => x);
    const analytical = outputs.map(({ y }) => analyticalJacobian(y, tensors));
    for (const [k, { x, position }] of this.#inputs.entries()) {
      const numerical = numericalJacobian(x, () => this.#values(outputs), this.#settings.eps);
      for (const [{ y, index }, [found, expected]] of zip(outputs, zip(analytical, numerical))) {
        const where = {
          name: this.#name,
          output: index,
          outputShape: y.shape,
          input: position,
          inputShape: x.shape,
        };
        const report = compareJacobians(expected, found[k]!, where, this.#settings);
        if (report !== null) return report;
      }
    }
    return null;
  }

  #fastMismatch(outputs: readonly CheckedOutput[]): string | null {
    const tensors = outputs.map(({ y }) => y);
    for (const { x, position } of this.#inputs) {
      const pairs = directionalDerivatives(x, tensors, () => this.#values(outputs), this.#settings.eps);
      for (const [j, { numerical, analytical }] of pairs.entries()) {
        if (!offByTolerance(analytical, numerical, this.#settings)) continue;
        const slow = this.#slowMismatch(outputs);
        return (
          `Jacobian mismatch for output ${outputs[j]?.index} with respect to input ${position} of ${this.#name}, in fast ` +
          `mode:\nnumerical: ${numerical}\nanalytical: ${analytical}\n` +
          (slow === null
            ? 'The slow mode finds no entry off by more than the tolerances.'
            : `In slow mode: ${slow}`)
        );
      }
    }
    return null;
  }

  #gradients(outputs: readonly Tensor[], gradOutputs: readonly Tensor[]): (Tensor | null)[] {
    const inputs = this.#inputs.map(({ x }) => x);
    return grad(outputs, inputs, { gradOutputs, retainGraph: true, allowUnused: true });
  }

  #expectRepeatable(outputs: readonly Tensor[]): void {
    const vectors = outputs.map((y, i) => wrapArray(randomVector(y.count, i + 1), y.shape, 'float64'));
    const first = this.#gradients(outputs, vectors);
    const second = this.#gradients(outputs, vectors);
    if (first.every((g, i) => closeWithin(g, second[i] ?? null, this.#settings.nondetTol))) return;
    throw this.#failed(
      'Backward is not reentrant, i.e., running backward with same input and gradOutputs multiple times gives ' +
        'different values, although analytical gradient matches numerical gradient. The tolerance for nondeterminism ' +
        `was ${this.#settings.nondetTol}.`,
    );
  }

  #expectLinear(outputs: readonly Tensor[]): void {
    const found = this.#gradients(
      outputs,
      outputs.map((y) => zerosLike(y)),
    );
    if (found.every((g) => g === null || copyOfData(g).every((v) => v === 0))) return;
    throw this.#failed(
      `backward not multiplied by gradOutputs: ${this.#name} gives gradients other than 0 where those of its outputs are 0`,
    );
  }

  #expectUndefinedAsZero(outputs: readonly Tensor[]): void {
    outputs.forEach((y, j) => {
      const vector = wrapArray(randomVector(y.count, 1), y.shape, 'float64');
      const alone = this.#gradients([y], [vector]);
      const withZeros = this.#gradients(
        outputs,
        outputs.map((z, i) => (i === j ? vector : zerosLike(z))),
      );
      if (alone.every((g, i) => closeWithin(g, withZeros[i] ?? null, 1e-12))) return;
      throw this.#failed(
        `Expected backward function to handle undefined output grads: with a gradient for output ${j} of ${this.#name} ` +
          'only, its gradients differ from those with zeros for the other outputs',
      );
    });
  }
}

function closeWithin(a: Tensor | null, b: Tensor | null, tolerance: number): boolean {
  const x = a === null ? null : copyOfData(a);
  const y = b === null ? null : copyOfData(b);
  const n = x?.length ?? y?.length ?? 0;
  for (let i = 0; i < n; i++) {
    const p = x?.[i] ?? 0;
    const q = y?.[i] ?? 0;
    if (!(Math.abs(p - q) <= tolerance || p === q || (Number.isNaN(p) && Number.isNaN(q)))) return false;
  }
  return true;
}

function checkInputs(inputs: readonly CheckedInput[], settings: Settings, caller: string): void {
  if (inputs.length === 0) {
    throw new AutogradError(
      `${caller} expects at least one input tensor to require gradient, but none of them have requiresGrad=true.`,
    );
  }
  for (const { x, position } of inputs) {
    if (x.dtype !== 'float64' && settings.eps < 1e-4) {
      throw new AutogradError(
        `${caller}: Input #${position} requires gradient and is not a double precision floating point tensor: a step of ` +
          `${settings.eps} is lost in the rounding of ${x.dtype}. Make it float64, or give eps >= 1e-4 and wider tolerances.`,
      );
    }
    if (x.shape.some((size, d) => size > 1 && x.strides[d] === 0)) {
      throw new AutogradError(
        `${caller}: The ${position}th input has a dimension with stride 0. ${caller} only supports inputs that are non-overlapping ` +
          'to be able to compute the numerical gradients correctly. You should call .contiguous on the input before ' +
          `passing it to ${caller}.`,
      );
    }
  }
}
