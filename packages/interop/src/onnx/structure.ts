/** Arguments and results as lists of tensors with names. */
import { K, Tensor } from '@kindling/core';
import { instanceText } from '../class-of.ts';
import { ExportError } from '../errors.ts';
import { type Argument, isValue, parametersAsWritten, type Value } from '../recording/index.ts';

/** What a model may be called with: tensors, and lists and objects of them; anything else stays as it is. */
export type Given =
  | Tensor
  | null
  | undefined
  | number
  | string
  | boolean
  | readonly Given[]
  | { readonly [name: string]: Given };

/** A tensor among the arguments, with the name of its input. */
interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Arguments are nested less deep, unless they hold themselves. */
const MAX_DEPTH = 100;

const isPlain = /* @__PURE__ */ K.whereReadable((x): x is object => {
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
});

/** The tensors among arguments, in order: of lists and objects by name and place, `state_0`. */
export function tensorsIn(given: Given, name: string, depth = 0): NamedTensor[] {
  if (Tensor.is(given)) return [{ name, tensor: given }];
  if (typeof given !== 'object' || given === null) return [];
  if (depth > MAX_DEPTH)
    throw new ExportError(`exportOnnx: an argument is nested more than ${MAX_DEPTH} deep`);
  if (!K.isArray(given) && !isPlain(given)) {
    const what = K.isReadable(given) ? instanceText(given as object) : 'an object that cannot be read';
    throw new ExportError(
      `exportOnnx: ${name} is ${what}, and inputs of ONNX are tensors; let forward take the tensors that it is made of`,
    );
  }
  return Object.entries(given).flatMap(([key, item]) =>
    tensorsIn(item as Given, `${name}_${key}`, depth + 1),
  );
}

/** The same arguments with other tensors in the places of those. */
export function withTensors(given: Given, next: () => Tensor): Given {
  if (Tensor.is(given)) return next();
  if (typeof given !== 'object' || given === null) return given;
  if (Array.isArray(given)) return given.map((item) => withTensors(item as Given, next));
  return Object.fromEntries(Object.entries(given).map(([key, item]) => [key, withTensors(item, next)]));
}

/** The values of a result with their names: `output`, `output_0`, of an object its keys. */
export function namedResults(
  result: Argument,
  name = '',
): { readonly name: string; readonly value: Value }[] {
  if (isValue(result)) return [{ name: name === '' ? 'output' : name, value: result }];
  if (result === null || result === undefined) return [];
  if (typeof result !== 'object' || 'perSample' in result || '$class' in result) {
    const what =
      typeof result === 'object' && '$class' in result ? `a ${String(result.$class)}` : `a ${typeof result}`;
    throw new ExportError(
      `exportOnnx: the model returns ${what}${name === '' ? '' : ` as ${name}`}, and outputs of ONNX are tensors; let forward return tensors`,
    );
  }
  const isList = Array.isArray(result);
  return Object.entries(result as Readonly<Record<string, Argument>>).flatMap(([key, item]) =>
    namedResults(item, name === '' ? (isList ? `output_${key}` : key) : `${name}_${key}`),
  );
}

/**
 * The names of a function's parameters, as far as they are plain: those with defaults too, none that is taken apart.
 */
export const parameterNames = (f: unknown): string[] =>
  parametersAsWritten(f)
    .map((name) => /^\s*(?:\.\.\.)?([\w$]+)/.exec(name)?.[1] ?? '')
    .filter((name, i, all) => name !== '' || i < all.length - 1);
