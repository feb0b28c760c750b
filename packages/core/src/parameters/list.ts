import { describe } from '../arguments/explain.ts';
import { ValueError } from '../errors.ts';
import { Tensor } from '../tensor.ts';

/** One tensor, or several. */
export type Tensors = Tensor | Iterable<Tensor>;

/** The tensors that `caller` was given for `what`: one, or what can be iterated once. */
export function tensorList(caller: string, what: string, given: Tensors): Tensor[] {
  if (given instanceof Tensor) return [given];
  if (typeof (given as { parameters?: unknown } | null)?.parameters === 'function')
    throw new ValueError(`${caller}: expected ${what}, got a Module; write model.parameters()`);
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given))
    throw new ValueError(`${caller}: expected a Tensor or an iterable of Tensors, got ${describe(given)}`);
  const list = [...given];
  for (const [i, x] of list.entries()) {
    if (!(x instanceof Tensor))
      throw new ValueError(`${caller}: expected ${what}, got ${describe(x)} for number ${i}`);
  }
  return list;
}
