import type { Memory, Origin, Program, Value } from './program.ts';
import { numberInWords } from './values.ts';

/** Where a memory comes from, without what only this process knows. */
function originAsJson(origin: Origin): unknown {
  switch (origin.kind) {
    case 'argument':
      return origin;
    case 'constant':
      return { kind: origin.kind, elements: Array.from(origin.elements, numberAsJson) };
    case 'gradient':
      return { kind: origin.kind, argument: origin.leaf.argument, shape: origin.leaf.tensor.shape };
    default:
      return { kind: origin.kind };
  }
}

/** JSON has no number that is not finite, and no -0. */
const numberAsJson = (x: number): number | string =>
  Number.isFinite(x) && !Object.is(x, -0) ? x : numberInWords(x);

const memoryAsJson = ({ id, dtype, length, base, origin, name }: Memory): unknown => ({
  id,
  dtype,
  length,
  base,
  origin: originAsJson(origin),
  name,
});

const valueAsJson = ({ id, memory, dtype, shape, strides, offset, version }: Value): unknown => ({
  id,
  memory: memory.id,
  dtype,
  shape,
  strides,
  offset,
  version,
});

/** A program as plain data, which JSON can hold: values and memories by their numbers, attributes as text. */
export function programAsJson(program: Program): unknown {
  const values = new Map<number, Value>();
  const numbersOf = (list: readonly Value[]): number[] =>
    list.map((value) => {
      values.set(value.id, value);
      return value.id;
    });
  const equations = program.equations.map(({ name, inputs, attrs, host, outputs, rerun, line }) => ({
    name,
    inputs: numbersOf(inputs),
    outputs: numbersOf(outputs),
    attributes: attributesAsText(attrs),
    host,
    view: rerun === null,
    line,
  }));
  const results = numbersOf(program.results);
  const gradients = program.gradients.map(({ leaf, value }) => ({
    shape: leaf.tensor.shape,
    argument: leaf.argument,
    value: value === null ? null : numbersOf([value])[0],
  }));
  return {
    memories: program.memories.map(memoryAsJson),
    values: [...values.values()].sort((a, b) => a.id - b.id).map(valueAsJson),
    equations,
    hostParts: program.hostParts.map(({ at }) => ({ at })),
    results,
    gradients,
  };
}

/** The attributes of an operation as text, but for what is no plain data. */
export function attributesAsText(attrs: unknown): string {
  // Of objects that have a JSON form, `value` is that already.
  function plain(this: Record<string, unknown>, key: string, value: unknown): unknown {
    const own = this[key];
    if (typeof own === 'number') return numberAsJson(own);
    if (typeof own !== 'object' || own === null || Array.isArray(own))
      return typeof own === 'bigint' ? null : value;
    return Object.getPrototypeOf(own) === Object.prototype ? value : null;
  }
  return JSON.stringify(attrs, plain) ?? '';
}
