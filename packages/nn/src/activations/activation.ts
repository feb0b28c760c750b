import {
  alias,
  applyElementwiseInPlace,
  applyUnary,
  camelCase,
  checkArguments,
  type DTypeCheck,
  type E,
  ElementwiseOp,
  isGradEnabled,
  K,
  floatsOnly as refuseIntegers,
  signature,
  snakeCase,
  Tensor,
} from '@kindling/core';
import { Module } from '../module/module.ts';
import { type Full, withDefaults } from '../module/options.ts';
import { pyFloat } from '../module/print.ts';

/** Options of activations that can overwrite their input. */
export interface InplaceOptions {
  /** Write the result over the input. Default: false. */
  readonly inplace?: boolean | undefined;
}

/** What an activation of one tensor is made of. */
interface ActivationSpec<O> {
  /** PyTorch's name of the operation. */
  readonly name: string;
  /** The public name, where it is another. */
  readonly caller?: string;
  /** The options and their defaults, in the order in which they print; with `inplace` it can overwrite its input. */
  readonly defaults?: Full<O>;
  /** The parameters of the expressions, of the options. It may refuse them. */
  readonly params?: (options: Full<O>) => readonly number[];
  /** The value in x and the parameters. */
  readonly expression: (...x: E.Expr[]) => E.Expr;
  /**
   * PyTorch's gradient with respect to x, in that of the result, g, the result y, x and the parameters. Default: what
   * differentiating the expression gives.
   */
  readonly gradient?: (at: { readonly g: E.Expr; readonly y: E.Expr }, ...x: E.Expr[]) => E.Expr;
  /**
   * PyTorch's gradients of `gradient` with respect to g and to x, where h is that of its result. Default: what
   * differentiating it gives.
   */
  readonly second?: (
    at: { readonly h: E.Expr; readonly g: E.Expr },
    ...x: E.Expr[]
  ) => readonly [byG: E.Expr, byX: E.Expr];
  /** Refuses dtypes. Default: all that are not floating. */
  readonly check?: DTypeCheck;
}

/** A function of one tensor and options, whose defaults {@link activationClass} takes over. */
export interface Activation<O> {
  (x: Tensor, options?: O): Tensor;
  readonly defaults: Full<O>;
}

/** Refuses integers and bools. */
export const floatsOnly = (name: string): DTypeCheck =>
  refuseIntegers(
    name,
    (dtype) => `not implemented for ${dtype}: expected a floating point tensor; convert with x.to('float32')`,
  );

/** The function that an activation's statement describes. */
export function activation<O extends object = object>(spec: ActivationSpec<O>): Activation<O> {
  const {
    name,
    caller = camelCase(name),
    expression,
    gradient,
    second,
    params,
    defaults = {} as Full<O>,
    check = floatsOnly(caller),
  } = spec;
  const op = new ElementwiseOp({
    name,
    arity: 1,
    expression,
    ...(gradient !== undefined && { gradient: (at, ...x) => [gradient(at, ...x)] }),
    ...(second !== undefined && { second: (at, ...x) => [second(at, ...x)] }),
    check,
  });
  const takes = signature(caller, () => ({
    x: K.tensor,
    options: K.options(K.allLike(defaults)),
  }));
  const run = function (x: Tensor, options?: O): Tensor {
    if (options !== undefined || arguments.length > 2 || !Tensor.is(x)) takes(arguments);
    const full = withDefaults(defaults, options);
    return activate(op, x, 'inplace' in full && full.inplace === true, params?.(full));
  };
  return Object.assign(run, { defaults });
}

/** Runs an operation, over its input where `inplace` is set. */
export function activate(op: ElementwiseOp, x: Tensor, inplace: boolean, params?: readonly number[]): Tensor {
  if (!inplace) return applyUnary(op, x, params);
  // The derivative may read the input, which is about to be overwritten: it gets a copy, as in PyTorch.
  if (isGradEnabled() && x.requiresGrad) return x.copy_(applyUnary(op, x.clone(), params));
  return applyElementwiseInPlace(op, [x], params);
}

/** The form of an activation that overwrites its input, under its public name. */
export function overInput<O extends InplaceOptions>(name: string, f: (x: Tensor, options?: O) => Tensor) {
  const run = f as (...given: unknown[]) => Tensor;
  // What is given beyond that is for the function to refuse.
  return alias(
    name,
    (x: Tensor, options?: O, ...more: never[]): Tensor => run(x, inPlace(options), ...more),
  ) as (x: Tensor, options?: O) => Tensor;
}

/**
 * The options, and that the input is to be overwritten; what are no options, or cannot be read, for the function to
 * refuse.
 */
function inPlace(options: unknown): unknown {
  if (options !== undefined && !K.isOptions(options)) return options;
  try {
    return { ...options, inplace: true };
  } catch {
    return options;
  }
}

/** A class of modules that keep the options of a function, one property each. */
type ActivationClass<O> = (new (
  options?: O,
) => Module<[Tensor], Tensor> & Full<O>) &
  Pick<typeof Module, 'stateNames'>;

/** The class of modules that call `f` with the options given when they were made, and print these as PyTorch does. */
export function activationClass<O extends object = object>(
  f: ((x: Tensor, options?: O) => Tensor) & { readonly defaults?: Full<O> },
  defaults: Full<O> = f.defaults ?? ({} as Full<O>),
): ActivationClass<O> {
  const named = Object.keys(defaults).length > 0;
  class ActivationModule extends Module<[Tensor], Tensor> {
    constructor(options?: O) {
      checkArguments(new.target.name, { options: K.options(K.allLike(defaults)) }, arguments);
      super();
      Object.assign(this, withDefaults(defaults, options));
    }

    override forward(x: Tensor): Tensor {
      return named ? f(x, withDefaults(defaults, this as unknown as O)) : f(x);
    }

    override extraRepr(): string {
      return Object.keys(defaults)
        .flatMap((name) => printed(snakeCase(name), (this as unknown as Record<string, unknown>)[name]))
        .join(', ');
    }
  }
  return ActivationModule as unknown as ActivationClass<O>;
}

/** An option as PyTorch prints it; flags only where they are set. */
function printed(name: string, value: unknown): string[] {
  if (typeof value === 'boolean') return value ? [`${name}=True`] : [];
  return [`${name}=${typeof value === 'number' ? pyFloat(value) : `'${value}'`}`];
}
