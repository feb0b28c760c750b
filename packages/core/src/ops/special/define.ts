/** What the functions of this folder share. */
import { copyStrided, E, type Expr } from '../../kernels/index.ts';
import { snakeCase } from '../../names.ts';
import { applyInPlace, applyView, definePrimitive, defineView } from '../../record/index.ts';
import { isOfClass, type Tensor } from '../../tensor.ts';
import { binary, type ElementwiseDefinition, unary } from '../elementwise/define.ts';
import { underived } from '../elementwise/gradient.ts';
import type { BinaryFunction, Operand, UnaryFunction } from '../elementwise/operation.ts';

/** A function of one tensor that the expression language knows by `name`; integers become float32. `caller` is its public name. */
export const named = (
  torchName: string,
  name: string,
  caller: string,
  definition: ElementwiseDefinition = {},
): UnaryFunction => unary(torchName, (x: Expr) => E.call(name, x), { dtype: 'float', caller, ...definition });

/** The same, for a function of `torch.special`, whose name in the expression language is its own unless `called` says otherwise. */
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

const refusing = defineView<string>({
  name: 'alias',
  alias: ({ shape, strides, offset }) => ({ shape, strides, offset }),
  derivative(_, node) {
    throw underived(node.attrs);
  },
});

const refusingInPlace = definePrimitive<string>({
  name: 'alias',
  saves: 0,
  infer: ([{ shape, dtype }]) => ({ shape, dtype }),
  kernel: ([x], _, out) => copyStrided(x, out.storage.array, out.offset),
  derivative(_, node) {
    throw underived(node.attrs);
  },
});

/** The same of a tensor that is changed in place then. */
export const refusesGradientInPlace = (x: Tensor, of: string): Tensor =>
  x.requiresGrad ? applyInPlace(refusingInPlace, [x], of) : x;

/** An operand to which there is no derivative: a gradient that reaches it is an error, as in PyTorch, not 0. */
export const refusesGradient = (x: Operand, of: string): Operand =>
  isOfClass(x) && x.requiresGrad ? applyView(refusing, x, of) : x;
