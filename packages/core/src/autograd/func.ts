/** Functions that make functions of derivatives, as in `torch.func`: exported by `@kindling/core` as `func`. */
import { describe } from '../arguments/explain.ts';
import { checkArguments, K } from '../arguments/index.ts';
import { isFloatingPoint } from '../dtype.ts';
import { AutogradError, DTypeError, IndexError } from '../errors.ts';
import { detach } from '../ops/creation/copy.ts';
import { zerosLike } from '../ops/creation/fill.ts';
import { viewAs } from '../ops/views/shape.ts';
import { isArray } from '../readable.ts';
import { enableGrad, isGradEnabled } from '../record/grad-mode.ts';
import { AccumulateGrad, type Node } from '../record/node.ts';
import { formatShape } from '../shape.ts';
import { isOfClass, Tensor } from '../tensor.ts';
import { grad as gradientsOf } from './backward.ts';
import { requiresGrad_ } from './hooks.ts';

/** Options of {@link grad} and {@link gradAndValue}. */
export interface GradTransformOptions<
  N extends number | readonly number[] = number | readonly number[],
  H extends boolean = boolean,
> {
  /** By which argument, counted from 0, from the end where negative; several give a list of gradients. Default: 0. */
  readonly argnums?: N;
  /** Whether the function returns `[value, aux]`, of which `aux` is handed on as it is. Default: false. */
  readonly hasAux?: H;
}

/** A gradient for each tensor of an argument, in its form. */
export type GradientFor<T> = T extends Tensor ? Tensor : { -readonly [K in keyof T]: GradientFor<T[K]> };

/** The gradients by the arguments that were chosen: of one, or a list. */
export type GradientsBy<A extends readonly unknown[], N> = N extends readonly number[]
  ? { -readonly [K in keyof N]: GradientFor<A[N[K] & number]> }
  : N extends number
    ? GradientFor<A[N]>
    : never;

type AnyFunction = (...args: never) => unknown;

const takes = {
  func: K.callable,
  options: K.options<GradTransformOptions>({
    argnums: K.either(K.integer, K.listOf(K.integer)),
    hasAux: K.flag,
  }),
};

/**
 * A function that gives the gradient of `func`, whose value is one number: dfunc/dx by its first argument, or by those
 * that `argnums` names. An argument is a tensor, or an array or object of such, say the parameters of a model for
 * `nn.utils.functionalCall`; its gradient has the same form, zeros where nothing depends on it. No `requiresGrad` is
 * asked for and no `.grad` is touched. The result can be transformed in turn, and is recorded where something else
 * that `func` depends on requires a gradient. Follows `torch.func.grad`.
 *
 * The function that is returned throws AutogradError where the value is no tensor without dimensions, DTypeError for
 * tensors of integers, and IndexError where there is no such argument.
 * @throws ValueError for what is no function, and unknown options
 * @example
 * ```ts
 * const cube = (x: Tensor) => x.pow(3);
 * func.grad(cube)(tensor(2, { dtype: 'float32' })); // tensor(12.)
 * func.grad(func.grad(cube))(tensor(2, { dtype: 'float32' })); // tensor(12.)
 * const fit = (p: { w: Tensor; b: Tensor }, x: Tensor) => p.w.mul(x).add(p.b).square().sum();
 * func.grad(fit)({ w: tensor(0.5), b: tensor(1.5) }, tensor([1, 2])); // { w: tensor(14.), b: tensor(9.) }
 * ```
 */
export function grad<A extends readonly unknown[], Aux, const N extends number | readonly number[] = 0>(
  func: (...args: A) => readonly [value: Tensor, aux: Aux],
  options: GradTransformOptions<N, true> & { readonly hasAux: true },
): (...args: A) => [gradients: GradientsBy<A, N>, aux: Aux];
export function grad<A extends readonly unknown[], const N extends number | readonly number[] = 0>(
  func: (...args: A) => Tensor,
  options?: GradTransformOptions<N, false>,
): (...args: A) => GradientsBy<A, N>;
export function grad(func: AnyFunction, options: GradTransformOptions = {}): AnyFunction {
  checkArguments('func.grad', takes, arguments);
  return (...args: unknown[]) => {
    const { gradients, aux } = differentiated('func.grad', func, args, options);
    return options.hasAux ? [gradients, aux] : gradients;
  };
}

/**
 * As {@link grad}, but the function that is returned gives the value of `func` too: `[gradient, value]`, with `hasAux`
 * `[gradient, [value, aux]]`. Follows `torch.func.grad_and_value`.
 * @throws ValueError as {@link grad}
 * @example
 * ```ts
 * const [slope, value] = func.gradAndValue((x: Tensor) => x.square().sum())(tensor([0.5, 2]));
 * slope; // tensor([1., 4.])
 * value; // tensor(4.2500)
 * ```
 */
export function gradAndValue<
  A extends readonly unknown[],
  Aux,
  const N extends number | readonly number[] = 0,
>(
  func: (...args: A) => readonly [value: Tensor, aux: Aux],
  options: GradTransformOptions<N, true> & { readonly hasAux: true },
): (...args: A) => [gradients: GradientsBy<A, N>, [value: Tensor, aux: Aux]];
export function gradAndValue<A extends readonly unknown[], const N extends number | readonly number[] = 0>(
  func: (...args: A) => Tensor,
  options?: GradTransformOptions<N, false>,
): (...args: A) => [gradients: GradientsBy<A, N>, value: Tensor];
export function gradAndValue(func: AnyFunction, options: GradTransformOptions = {}): AnyFunction {
  checkArguments('func.gradAndValue', takes, arguments);
  return (...args: unknown[]) => {
    const { gradients, value, aux } = differentiated('func.gradAndValue', func, args, options);
    return [gradients, options.hasAux ? [value, aux] : value];
  };
}

/** Calls `func` with aliases of the tensors that gradients are taken by. */
function differentiated(
  caller: string,
  func: AnyFunction,
  args: readonly unknown[],
  { argnums = 0, hasAux = false }: GradTransformOptions,
): { gradients: unknown; value: Tensor; aux: unknown } {
  const recorded = isGradEnabled();
  const places = [argnums].flat().map((n) => placeOf(caller, n, args.length));
  return enableGrad(() => {
    const aliases: Tensor[] = [];
    const given = args.map((argument, i) =>
      places.includes(i)
        ? eachTensor(argument, `${caller}: argument ${i}`, (x) => {
            const alias = aliasOf(caller, x, i);
            aliases.push(alias);
            return alias;
          })
        : argument,
    );
    const result = func(...(given as never));
    if (hasAux && !(isArray(result) && result.length === 2))
      throw new AutogradError(
        `${caller}: with hasAux the function returns [value, aux], got ${describe(result)}`,
      );
    const [value, aux] = hasAux ? (result as [unknown, unknown]) : [result, undefined];
    const y = oneNumber(caller, value);
    const createGraph = recorded && dependsOnOthers(y, aliases);
    const options = { createGraph, materializeGrads: true } as const;
    const found = y.requiresGrad ? gradientsOf(y, aliases, options) : aliases.map((x) => zerosLike(x));
    const gradients = new Map(aliases.map((x, i) => [x, found[i] as Tensor]));
    const ofArguments = places.map((place) =>
      eachTensor(given[place], caller, (x) => gradients.get(x) as Tensor),
    );
    return {
      gradients: isArray(argnums) ? ofArguments : ofArguments[0],
      value: createGraph ? y : detach(y),
      aux,
    };
  });
}

function placeOf(caller: string, n: number, count: number): number {
  const place = n < 0 ? n + count : n;
  if (place >= 0 && place < count) return place;
  throw new IndexError(`${caller}: there is no argument ${n}: the function was called with ${count}`);
}

/** The same form, with each of its tensors replaced. */
function eachTensor(tree: unknown, caller: string, replaced: (x: Tensor) => Tensor): unknown {
  if (isOfClass(tree)) return replaced(tree);
  if (isArray(tree)) return tree.map((x) => eachTensor(x, caller, replaced));
  if (K.isOptions(tree))
    return Object.fromEntries(
      Object.entries(tree).map(([name, x]) => [name, eachTensor(x, caller, replaced)]),
    );
  throw new AutogradError(
    `${caller}: expected a Tensor, or an array or object of Tensors, got ${describe(tree)}`,
  );
}

/** Part of the graph that x is in, or else a leaf. */
function aliasOf(caller: string, x: Tensor, i: number): Tensor {
  if (isFloatingPoint(x.dtype)) return x.requiresGrad ? viewAs(x, x) : requiresGrad_(detach(x));
  throw new DTypeError(
    `${caller}: only Tensors of floating point dtype have gradients, but argument ${i} holds one of ${x.dtype}; convert it with to('float32')`,
  );
}

function oneNumber(caller: string, y: unknown): Tensor {
  if (y instanceof Tensor && y.ndim === 0) return y;
  const got = y instanceof Tensor ? `shape ${formatShape(y.shape)}` : describe(y);
  throw new AutogradError(
    `${caller}: expected the function to return a Tensor without dimensions, got ${got}; reduce it (sum, mean), or take autograd.functional.jacobian`,
  );
}

/** Whether a leaf that requires a gradient, other than these, led to y. */
function dependsOnOthers(y: Tensor, own: readonly Tensor[]): boolean {
  const seen = new Set<Node>();
  const waiting: (Node | null)[] = [y.gradFn];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node === null || seen.has(node)) continue;
    seen.add(node);
    if (node instanceof AccumulateGrad && !own.includes(node.variable)) return true;
    waiting.push(...node.next);
  }
  return y.requiresGrad && y.isLeaf && !own.includes(y);
}
