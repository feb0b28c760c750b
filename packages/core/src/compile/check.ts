/** A call run both ways, and compared bit for bit: by `compile(fn, { check: true })` each, else some of them. */
import type { TypedArray } from '../dtype.ts';
import { KindlingError } from '../errors.ts';
import { elementsOf } from '../kernels/index.ts';
import type { Generator } from '../random/generator.ts';
import { setTracer } from '../record/observe.ts';
import { formatShape } from '../shape.ts';
import type { Storage } from '../storage.ts';
import { type AutogradState, autogradOf, setGradient, type Tensor } from '../tensor.ts';
import { leafAt } from './guards.ts';
import { attributesAsText } from './json.ts';
import type { Machine } from './machine/index.ts';
import type { Equation, Memory } from './program.ts';
import { type Did, Witness } from './trace/index.ts';
import { tensorLeavesOf } from './tree.ts';
import { numberInWords } from './values.ts';

/** What a call changes beside its results, as it is at a time. */
interface Snapshot {
  readonly arrays: readonly {
    readonly what: string;
    readonly storage: Storage;
    readonly elements: TypedArray;
  }[];
  readonly generators: readonly { readonly generator: Generator; readonly state: Uint8Array }[];
  readonly gradients: readonly {
    readonly what: string;
    readonly leaf: AutogradState;
    readonly gradient: Tensor | null;
  }[];
}

/** Two memories may have one name: those of two layers of one class. */
const nameOf = ({ name, id, origin }: Memory): string => `${name ?? origin.kind} (${id})`;

/** What lies behind a memory in a call; `undefined` where it is the program's own. */
function storageOf({ origin }: Memory, given: readonly Tensor[]): Storage | undefined {
  switch (origin.kind) {
    case 'state':
      return origin.storage;
    case 'gradient':
      return autogradOf(leafAt(origin.leaf, given)).gradient?.storage;
    case 'argument':
      return given[origin.members[0].index]?.storage;
    default:
      return undefined;
  }
}

function snapshotOf({ program }: Machine, given: readonly Tensor[]): Snapshot {
  const arrays = program.memories.flatMap((memory) => {
    const storage = storageOf(memory, given);
    return storage === undefined || storage.isGone
      ? []
      : [{ what: nameOf(memory), storage, elements: storage.array.slice() }];
  });
  const generators = new Set<Generator>();
  for (const { attrs } of program.equations) {
    const { generator } = (attrs ?? {}) as { generator?: Generator };
    if (generator !== undefined) generators.add(generator);
  }
  return {
    arrays,
    generators: [...generators].map((generator) => ({ generator, state: generator.getState() })),
    gradients: program.gradients.map(({ leaf: place }, i) => {
      const leaf = leafAt(place, given);
      const what = `gradient ${i}, of shape ${formatShape(leaf.shape)},`;
      return { what, leaf: autogradOf(leaf), gradient: autogradOf(leaf).gradient };
    }),
  };
}

/** What these things are now. */
const again = ({ arrays, generators, gradients }: Snapshot): Snapshot => ({
  arrays: arrays.map((entry) => ({ ...entry, elements: entry.storage.array.slice() })),
  generators: generators.map(({ generator }) => ({ generator, state: generator.getState() })),
  gradients: gradients.map((entry) => ({ ...entry, gradient: entry.leaf.gradient })),
});

function putBack({ arrays, generators, gradients }: Snapshot): void {
  for (const { storage, elements } of arrays) storage.array.set(elements);
  for (const { generator, state } of generators) generator.setState(state);
  for (const { leaf, gradient } of gradients) setGradient(leaf, gradient);
}

/** Runs a call as it is; where it ends in an error, all is as it was before. */
export function unlessItFails<T>(executable: Machine, given: readonly Tensor[], run: () => T): T {
  const snapshot = snapshotOf(executable, given);
  try {
    return run();
  } catch (error) {
    putBack(snapshot);
    throw error;
  }
}

/** What came of a call that was run both ways. */
interface Checked<R> {
  /** What the program gave. */
  readonly found: readonly Tensor[];
  /** What the function gave; of no use where there is no difference. */
  readonly result: R;
  /** In what they differ: then all is as the function left it. */
  readonly difference: string | null;
}

/**
 * Runs the function itself and then, from the same state, the program. What the function computed and the program does
 * not give is left behind with this message.
 */
export function checkAgainstEager<R>(
  executable: Machine,
  given: readonly Tensor[],
  eager: () => R,
  leftBehind: string,
): Checked<R> {
  const before = snapshotOf(executable, given);
  const gradients = before.gradients.flatMap(({ gradient }) => gradient ?? []);
  const witness = new Witness(
    new Set([...before.arrays, ...given, ...gradients].map(({ storage }) => storage)),
  );
  const tracer = setTracer(witness);
  let result: R;
  try {
    result = eager();
  } catch (error) {
    // What the library refuses is as it was before the call, unless the host has counted it; what the function itself
    // throws is after what it did by then.
    if (error instanceof KindlingError && witness.results.length === 0) putBack(before);
    throw error;
  } finally {
    setTracer(tracer);
  }
  const { arrays, ...others } = again(before);
  const after = { ...others, arrays: arrays.filter(({ storage }) => !executable.overwrites(storage)) };
  const expected = tensorLeavesOf(result).map(copyOf);
  putBack(before);
  const found = executable.run(given, (i) => witness.results[i]);
  const outside = witness.changedOutside;
  const difference =
    differenceOfResults(expected, found.map(copyOf)) ??
    differenceOfState(after) ??
    (outside === null ? null : `${outside} changes a tensor from outside that the program does not`);
  if (difference === null) {
    for (const storage of witness.computed) storage.leaveBehind(leftBehind);
    return { found, result, difference };
  }
  putBack(after);
  return { found, result, difference: difference + because(executable.program.equations, witness.did) };
}

/** Elements, and of what shape. */
interface Elements {
  readonly shape: readonly number[];
  readonly elements: TypedArray;
}

const copyOf = (x: Tensor): Elements => ({ shape: x.shape, elements: elementsOf(x).slice() });
const noElements: Elements = { shape: [], elements: new Uint8Array(0) };

function differenceOfResults(expected: readonly Elements[], found: readonly Elements[]): string | null {
  if (expected.length !== found.length)
    return `${found.length} results against ${expected.length} of eager's`;
  return firstOf(expected, ({ shape, elements }, i) =>
    differenceOf(`result ${i} of shape ${formatShape(shape)}`, elements, (found[i] ?? noElements).elements),
  );
}

function differenceOfState(expected: Snapshot): string | null {
  const gradientOf = (x: Tensor | null): TypedArray => (x === null ? noElements.elements : elementsOf(x));
  return (
    firstOf(expected.arrays, ({ what, storage, elements }) =>
      differenceOf(`${what} of shape ${formatShape([elements.length])}`, elements, storage.array),
    ) ??
    firstOf(expected.gradients, ({ what, leaf, gradient }) =>
      differenceOf(what, gradientOf(gradient), gradientOf(leaf.gradient)),
    ) ??
    firstOf(expected.generators, ({ generator, state }, i) =>
      differenceOf(`the random stream of generator ${i}`, state, generator.getState()),
    )
  );
}

/** What is said first of any in a list. */
function firstOf<T>(list: readonly T[], say: (x: T, i: number) => string | null): string | null {
  for (const [i, x] of list.entries()) {
    const said = say(x, i);
    if (said !== null) return said;
  }
  return null;
}

function differenceOf(what: string, expected: TypedArray, found: TypedArray): string | null {
  if (expected.length !== found.length)
    return `${what} has ${found.length} elements, eager's has ${expected.length}`;
  if (haveSameBits(expected, found)) return null;
  // Tells 0 from -0; NaN is NaN, whatever its bits.
  for (const [i, value] of expected.entries())
    if (!Object.is(value, found[i]))
      return `${what} differs from eager's at element ${i}: ${numberInWords(found[i] as number)} against ${numberInWords(value)}`;
  return null;
}

/** Node's is as fast as memory is. */
const compareBytes = (globalThis as { Buffer?: { compare?: (a: Uint8Array, b: Uint8Array) => number } })
  .Buffer?.compare;

const bytesIn = ({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Most arrays are alike, and long. */
function haveSameBits(a: TypedArray, b: TypedArray): boolean {
  if (compareBytes !== undefined) return compareBytes(bytesIn(a), bytesIn(b)) === 0;
  const [words, others] = [wordsOf(a), wordsOf(b)];
  if (words.length !== others.length) return false;
  for (let i = 0; i < words.length; i++) if (words[i] !== others[i]) return false;
  return true;
}

function wordsOf(x: TypedArray): TypedArray {
  const whole = x.byteOffset % 4 === 0 && x.byteLength % 4 === 0;
  return whole ? new Int32Array(x.buffer, x.byteOffset, x.byteLength / 4) : x;
}

/** The first thing that a call did otherwise than the program, in words; what to ask for where it did the same. */
function because(equations: readonly Equation[], did: readonly Did[]): string {
  for (const [i, { name, attrs }] of did.entries()) {
    const equation = equations[i];
    const line = equation?.line == null ? '' : ` (${equation.line})`;
    if (equation?.name !== name)
      return `. The function now does ${name} where the program ${equation === undefined ? 'has ended' : `does ${equation.name}${line}`}`;
    if (equation.host !== null) continue;
    const [now, then] = [attrs, equation.attrs].map(attributesAsText);
    if (now !== then)
      return `. The function now takes ${now} for ${name}${line} where the program takes ${then}`;
  }
  return did.length < equations.length
    ? `. The function now ends where the program does ${equations[did.length]?.name}`
    : '';
}
