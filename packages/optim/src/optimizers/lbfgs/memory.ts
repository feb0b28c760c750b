import { checkArguments, describeValue, K, Tensor, ValueError } from '@kindling/core';
import { ofOptimizers } from '../../base/naming.ts';
import { type ParamState, plain, tensorOf } from '../../base/state-dict.ts';

/** What L-BFGS remembers from one iteration to the next; all parameters are one vector in it. Under PyTorch's names. */
export interface Course {
  /** The last direction, and how far it was gone. */
  d: Tensor;
  t: number;
  /** The last changes of the gradient, of the parameters, and 1 over their products. */
  oldDirs: Tensor[];
  oldStps: Tensor[];
  ro: Tensor[];
  /** The scale of the inverse Hessian before any correction. */
  hDiag: Tensor | number;
  prevFlatGrad: Tensor;
  prevLoss: number;
}

/** What L-BFGS keeps with its first parameter. */
export interface Memory extends Partial<Course> {
  funcEvals: number;
  nIter: number;
  /** The last coefficients of the corrections. */
  al?: (Tensor | null)[];
}

/** One entry: what it is in the dict, for parameters of so many elements as `p`'s group has. */
type Reader = (what: string, key: string, x: unknown, p: Tensor, size: number) => ParamState[string];

const count: Reader = (what, key, x) => {
  const value = x instanceof Tensor && x.count === 1 ? x.item() : x;
  checkArguments(what, { [key]: K.count }, [value]);
  return value as number;
};
const number: Reader = (what, key, x) => {
  const value = x instanceof Tensor && x.count === 1 ? x.item() : x;
  checkArguments(what, { [key]: K.number }, [value]);
  return value as number;
};
const vector: Reader = (what, key, x, p, size) => tensorOf(what, key, x, p, [size]);
const scalar: Reader = (what, key, x, p) => (x === null ? null : tensorOf(what, key, x, p, [])) as Tensor;
const listOf =
  (item: Reader): Reader =>
  (what, key, x, p, size) => {
    if (!Array.isArray(x))
      throw new ValueError(`${what}: ${key}: expected a list of tensors, got ${describeValue(x)}`);
    return x.map((value, i) => item(what, `${key}[${i}]`, plain(what, key, value), p, size) as Tensor);
  };

const course: Readonly<Record<keyof Course, Reader>> = {
  d: vector,
  t: number,
  oldDirs: listOf(vector),
  oldStps: listOf(vector),
  ro: listOf(scalar),
  hDiag: (what, key, x, p, size) => (typeof x === 'number' ? x : scalar(what, key, x, p, size)),
  prevFlatGrad: vector,
  prevLoss: number,
};
const readers: Readonly<Record<keyof Memory, Reader>> = {
  funcEvals: count,
  nIter: count,
  al: listOf(scalar),
  ...course,
};

/**
 * The memory that a state dict holds for parameters of `size` elements in all, of which p is the first.
 * @throws ValueError, ShapeError where it is none
 */
export function readMemory(
  what: string,
  values: Readonly<Record<string, unknown>>,
  p: Tensor,
  size: number,
): ParamState {
  const memory: ParamState = {};
  for (const [key, value] of Object.entries(values)) {
    const name = ofOptimizers.camelCase(key);
    const read = (readers as Readonly<Record<string, Reader>>)[name];
    if (read === undefined) {
      const known = Object.keys(readers).map(ofOptimizers.snakeCase).join(', ');
      throw new ValueError(
        `${what} has ${key}, which LBFGS has not, but ${known}: is it of another optimizer?`,
      );
    }
    if (value !== null) memory[name] = read(what, key, plain(what, key, value), p, size);
  }
  const begun = Object.keys(course).some((name) => name in memory);
  const needed = ['funcEvals', 'nIter', ...(begun ? Object.keys(course) : [])];
  const missing = needed.filter((name) => !(name in memory));
  if (missing.length > 0 && Object.keys(memory).length > 0)
    throw new ValueError(
      `${what} has no ${missing.map(ofOptimizers.snakeCase).join(', ')}: is it of another optimizer?`,
    );
  const lengths = ['oldDirs', 'oldStps', 'ro'].map(
    (name) => (memory[name] as readonly Tensor[] | undefined)?.length,
  );
  if (new Set(lengths).size > 1)
    throw new ValueError(
      `${what}: old_dirs, old_stps and ro have ${lengths.join(', ')} entries, expected as many each`,
    );
  return memory;
}
