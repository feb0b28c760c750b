/** What PyTorch has no derivative for: a gradient that reaches it is an error, not 0. */
import { AutogradError } from '../../errors.ts';
import { copyStrided } from '../../kernels/index.ts';
import { applyInPlace, applyView, definePrimitive, defineView } from '../../record/index.ts';
import { isOfClass, type Tensor } from '../../tensor.ts';

/** What is thrown where a gradient reaches what has no derivative, in PyTorch's words. */
export const underived = (of: string): AutogradError =>
  new AutogradError(`the derivative for '${of}' is not implemented`);

/** For a primitive without a derivative: its result stands in the graph, so that a gradient is missed. */
export const noDerivative = (of: string): { saves: number; derivative(): never } => ({
  saves: 0,
  derivative() {
    throw underived(of);
  },
});

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

/** The operand of an operation that has no derivative to it. */
export const refusesGradient = <T>(x: T, of: string): T | Tensor =>
  isOfClass(x) && x.requiresGrad ? applyView(refusing, x, of) : x;

/** The same of a tensor that is changed in place then. */
export const refusesGradientInPlace = (x: Tensor, of: string): Tensor =>
  x.requiresGrad ? applyInPlace(refusingInPlace, [x], of) : x;
