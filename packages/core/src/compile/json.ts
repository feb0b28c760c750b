import { elementsOf, requireFlag } from '../kernels/index.ts';
import { Generator } from '../random/index.ts';
import { type Code, coded } from '../record/code.ts';
import type { Rerun } from '../record/observe.ts';
import type { Tensor } from '../tensor.ts';
import type { LeafPlace } from './guards.ts';
import type { Memory, Origin, Program, Value } from './program.ts';
import { numberInWords } from './values.ts';

/** Where a memory comes from, without what only this process knows. */
function originAsJson(origin: Origin, leaves: Leaves): unknown {
  switch (origin.kind) {
    case 'argument':
      return origin;
    case 'constant':
      return { kind: origin.kind, elements: Array.from(origin.elements, numberAsJson) };
    case 'gradient':
      return { kind: origin.kind, leaf: leaves.numberOf(origin.leaf) };
    case 'state':
      return { kind: origin.kind, given: origin.given };
    default:
      return { kind: origin.kind };
  }
}

/** JSON has no number that is not finite, and no -0. */
const numberAsJson = (x: number): number | string =>
  Number.isFinite(x) && !Object.is(x, -0) ? x : numberInWords(x);

const memoryAsJson = ({ id, dtype, length, base, origin, name }: Memory, leaves: Leaves): unknown => ({
  id,
  dtype,
  length,
  base,
  origin: originAsJson(origin, leaves),
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

/** What the data of a program begin with. */
export const programFormat = 'kindling program';
export const programVersion = 1;

/** A leaf as plain data: an argument by its number, another by where it lies in state. */
interface LeafAsJson {
  readonly argument: number | null;
  readonly memory: number | null;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The leaves of which a program reads or leaves gradients. */
class Leaves {
  readonly list: LeafAsJson[] = [];
  readonly #numbers = new Map<Tensor | number, number>();
  readonly #memories: readonly Memory[];

  constructor(memories: readonly Memory[]) {
    this.#memories = memories;
  }

  numberOf({ argument, tensor }: LeafPlace): number {
    const key = argument ?? tensor;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      const { dtype, shape, strides, offset, storage } = tensor;
      const lies = ({ origin }: Memory): boolean => origin.kind === 'state' && origin.storage === storage;
      const memory = this.#memories.find(lies)?.id ?? null;
      number = this.list.push({ argument, memory, dtype, shape, strides, offset }) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}

/** What is done in an equation; `null` for views, and for what cannot be written down. */
function codeOf(rerun: Rerun | null, attrs: unknown): Code | null {
  if (rerun?.code === undefined || !isPlain(attrs)) return null;
  return rerun.code(attrs as never);
}

/** Whether attributes are plain data, but for the generator of a draw. */
function isPlain(x: unknown): boolean {
  if (typeof x !== 'object' || x === null)
    return typeof x !== 'function' && typeof x !== 'bigint' && typeof x !== 'symbol';
  if (Array.isArray(x)) return x.every(isPlain);
  return (
    x instanceof Generator ||
    (Object.getPrototypeOf(x) === Object.prototype && Object.values(x).every(isPlain))
  );
}

/** Sees to it that a flag is what it was. */
export const flagIs = (value: number): Rerun =>
  coded(
    ([now]: readonly Tensor[]): void => {
      if (now !== undefined) requireFlag(elementsOf(now), value);
    },
    () => ({ by: 'flag', value }),
  ) as Rerun;

/** A program as plain data, which JSON can hold: values and memories by their numbers, attributes as text. */
export function programAsJson(program: Program): unknown {
  const values = new Map<number, Value>();
  const numbersOf = (list: readonly Value[]): number[] =>
    list.map((value) => {
      values.set(value.id, value);
      return value.id;
    });
  const leaves = new Leaves(program.memories);
  const equations = program.equations.map(({ name, inputs, attrs, host, outputs, rerun, line }) => ({
    name,
    code: codeOf(rerun, attrs),
    inputs: numbersOf(inputs),
    outputs: numbersOf(outputs),
    attributes: attributesAsText(attrs),
    host,
    view: rerun === null,
    line,
  }));
  const results = numbersOf(program.results);
  const gradients = program.gradients.map(({ leaf, value }) => ({
    leaf: leaves.numberOf(leaf),
    value: value === null ? null : numbersOf([value])[0],
  }));
  return {
    format: programFormat,
    version: programVersion,
    memories: program.memories.map((memory) => memoryAsJson(memory, leaves)),
    leaves: leaves.list,
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
