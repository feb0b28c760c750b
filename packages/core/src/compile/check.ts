/** `compile(fn, { check: true })`: a call run both ways, and compared bit for bit. */
import type { TypedArray } from '../dtype.ts';
import { CompileError } from '../errors.ts';
import { elementsOf } from '../kernels/index.ts';
import type { Generator } from '../random/generator.ts';
import { setTracer } from '../record/observe.ts';
import { formatShape } from '../shape.ts';
import { type AutogradState, autogradOf, setGradient, Tensor } from '../tensor.ts';
import { leafAt } from './guards.ts';
import type { Machine } from './machine/index.ts';
import type { Memory } from './program.ts';
import { HostRecorder } from './trace/index.ts';
import { leavesOf } from './tree.ts';

/** What a call changes beside its results, to be put back and compared. */
interface Snapshot {
  readonly arrays: readonly {
    readonly what: string;
    readonly read: () => TypedArray;
    readonly before: TypedArray;
  }[];
  readonly generators: readonly { readonly generator: Generator; readonly before: Uint8Array }[];
  readonly gradients: readonly { readonly leaf: AutogradState; readonly before: Tensor | null }[];
}

/** Two memories may have one name: those of two layers of one class. */
const nameOf = ({ name, id, origin }: Memory): string => `${name ?? origin.kind} (${id})`;

function snapshotOf({ program }: Machine, given: readonly Tensor[]): Snapshot {
  const arrays = program.memories.flatMap((memory) => {
    const { origin } = memory;
    const storage =
      origin.kind === 'state'
        ? origin.storage
        : origin.kind === 'gradient'
          ? autogradOf(leafAt(origin.leaf, given)).gradient?.storage
          : origin.kind === 'argument'
            ? given[origin.members[0]?.index ?? -1]?.storage
            : undefined;
    if (storage === undefined) return [];
    const read = (): TypedArray => storage.array;
    return [{ what: nameOf(memory), read, before: read().slice() }];
  });
  const generators = new Set<Generator>();
  for (const { attrs } of program.equations) {
    const { generator } = (attrs ?? {}) as { generator?: Generator };
    if (generator !== undefined) generators.add(generator);
  }
  return {
    arrays,
    generators: [...generators].map((g) => ({ generator: g, before: g.getState() })),
    gradients: program.gradients.map((left) => {
      const leaf = autogradOf(leafAt(left.leaf, given));
      return { leaf, before: leaf.gradient };
    }),
  };
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

function putBack({ arrays, generators, gradients }: Snapshot): void {
  for (const { read, before } of arrays) read().set(before);
  for (const { generator, before } of generators) generator.setState(before);
  for (const { leaf, before } of gradients) setGradient(leaf, before);
}

/** What is compared after a call: name and elements. */
function outcomeOf(
  { program }: Machine,
  snapshot: Snapshot,
  results: readonly Tensor[],
  given: readonly Tensor[],
): Map<string, { readonly array: TypedArray; readonly shape: readonly number[] }> {
  const outcome = new Map<string, { array: TypedArray; shape: readonly number[] }>();
  results.forEach((x, i) => {
    outcome.set(`result ${i}`, { array: elementsOf(x).slice(), shape: x.shape });
  });
  for (const { what, read } of snapshot.arrays)
    outcome.set(what, { array: read().slice(), shape: [read().length] });
  program.gradients.forEach(({ leaf }, i) => {
    const { gradient } = autogradOf(leafAt(leaf, given));
    const what = `gradient ${i}, of shape ${formatShape(leafAt(leaf, given).shape)}`;
    if (gradient !== null) outcome.set(what, { array: elementsOf(gradient).slice(), shape: gradient.shape });
    else outcome.set(what, { array: new Uint8Array(0), shape: [] });
  });
  snapshot.generators.forEach(({ generator }, i) => {
    outcome.set(`the random stream of generator ${i}`, { array: generator.getState(), shape: [] });
  });
  return outcome;
}

/**
 * Runs the function itself and then, from the same state, the program.
 * @throws CompileError that names the first value in which they differ
 */
export function checkAgainstEager(
  executable: Machine,
  given: readonly Tensor[],
  eager: () => unknown,
): Tensor[] {
  const snapshot = snapshotOf(executable, given);
  const recorder = new HostRecorder();
  const before = setTracer(recorder);
  let result: unknown;
  try {
    result = eager();
  } finally {
    setTracer(before);
  }
  const tensors = leavesOf(result).flatMap(({ leaf }) => (leaf instanceof Tensor ? [leaf] : []));
  const expected = outcomeOf(executable, snapshot, tensors, given);
  putBack(snapshot);
  const found = executable.run(given, (i) => recorder.results[i]);
  compare(expected, outcomeOf(executable, snapshot, found, given));
  return found;
}

type Outcome = ReturnType<typeof outcomeOf>;

function compare(expected: Outcome, got: Outcome): void {
  for (const [what, { array, shape }] of expected) {
    const other = got.get(what)?.array;
    if (other?.length !== array.length)
      throw new CompileError(`compile: ${what} has ${other?.length} elements, eager has ${array.length}`);
    // Tells 0 from -0; NaN is NaN, whatever its bits.
    const i = (array as Float64Array).findIndex((value, k) => !Object.is(value, other[k]));
    if (i < 0) continue;
    throw new CompileError(
      `compile: ${what} of shape ${formatShape(shape)} differs from eager's at element ${i}: ${other[i]} against ${array[i]}. ` +
        'Does the function depend on something that changes between calls and that no tensor, setting or onHost tells of?',
    );
  }
}
