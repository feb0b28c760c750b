/** What the functions of this folder share. */
import { E, type Expr } from '../../kernels/index.ts';
import { snakeCase } from '../../names.ts';
import { binary, type ElementwiseDefinition, unary } from '../elementwise/define.ts';
import type { BinaryFunction, UnaryFunction } from '../elementwise/operation.ts';

/**
 * A function of one tensor that the expression language knows by `name`; integers become float32. `caller` is its
 * public name.
 */
export const named = (
  torchName: string,
  name: string,
  caller: string,
  definition: ElementwiseDefinition = {},
): UnaryFunction => unary(torchName, (x: Expr) => E.call(name, x), { dtype: 'float', caller, ...definition });

/**
 * The same, for a function of `torch.special`, whose name in the expression language is its own unless `called` says
 * otherwise.
 */
export const ofSpecial = (
  name: string,
  called = name,
  definition: ElementwiseDefinition = {},
): UnaryFunction => named(`special_${snakeCase(name)}`, called, `special.${name}`, definition);

/** The same of two operands. */
export const namedPair = (
  torchName: string,
  name: string,
  caller: string,
  definition: ElementwiseDefinition = {},
): BinaryFunction =>
  binary(torchName, (a: Expr, b: Expr) => E.call(name, a, b), { dtype: 'float', caller, ...definition });
