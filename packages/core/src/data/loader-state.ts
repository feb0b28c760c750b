import { checkArguments, K } from '../arguments/index.ts';
import { ValueError } from '../errors.ts';
import { defaultGenerator, Generator } from '../random/generator.ts';

/**
 * Where a DataLoader stands, as JSON can hold it. Kindling's own, in the manner of torchdata's `StatefulDataLoader`.
 * The default generator's present state is not part of it: that of the program is (`getRngState`).
 */
export interface DataLoaderState {
  /** The batches that the epoch has given; 0 between two epochs. */
  num_yielded: number;
  /** Whether no epoch is under way, so that the next iteration begins one. */
  iterator_finished: boolean;
  /**
   * The states that the generators had when the epoch began: the default one's, then {@link generators}. Empty between
   * two.
   */
  epoch_generators: readonly (readonly number[])[];
  /** The present states of the generators that were given: the loader's, the sampler's. */
  generators: readonly (readonly number[])[];
  /** What a sampler with a state said when the epoch began, between two what it says now; `null` without. */
  sampler_state: unknown;
  /** What a dataset with a state says now; `null` without. */
  dataset_state: unknown;
  /** Whether the stream had come to its end with the last batch. */
  dataset_ended: boolean;
  /** The number of samples, `null` of a stream. */
  dataset_length: number | null;
  /** Samples a batch; `null` where batches are not made here. */
  batch_size: number | null;
}

const generatorState = /* @__PURE__ */ K.kind(
  'the bytes of a generator state',
  (x) => Array.isArray(x) && x.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256),
);
const takes = {
  state: /* @__PURE__ */ K.kind('what stateDict() gives', K.isOptions),
};
const kinds: K.Kinds<DataLoaderState> = {
  num_yielded: K.count,
  iterator_finished: K.flag,
  epoch_generators: /* @__PURE__ */ K.listOf(generatorState),
  generators: /* @__PURE__ */ K.listOf(generatorState),
  sampler_state: K.anything,
  dataset_state: K.anything,
  dataset_ended: K.flag,
  dataset_length: /* @__PURE__ */ K.nullable(K.count),
  batch_size: /* @__PURE__ */ K.nullable(K.count),
};

/** @internal Checks a state that is to be loaded against what the loader is. */
export function checkLoaderState(
  caller: string,
  state: DataLoaderState,
  own: Pick<DataLoaderState, 'dataset_length' | 'batch_size'> & { generators: number },
): void {
  checkArguments(caller, takes, [state]);
  for (const [name, kind] of Object.entries(kinds))
    checkArguments(caller, { [name]: kind }, [state[name as keyof DataLoaderState]]);
  for (const name of ['dataset_length', 'batch_size'] as const) {
    if ((state[name] ?? null) !== own[name])
      throw new ValueError(
        `${caller}: the state is of a loader whose ${name} is ${String(state[name])}, this one's is ${String(own[name])}: its ` +
          'batches would not be the same',
      );
  }
  for (const bytes of [...state.generators, ...state.epoch_generators]) new Generator().setState(bytes);
  const wanted = state.iterator_finished ? 0 : own.generators + 1;
  if (state.generators.length !== own.generators || state.epoch_generators.length !== wanted)
    throw new ValueError(
      `${caller}: the state holds ${state.generators.length} generators and ${state.epoch_generators.length} of the epoch, ` +
        `expected ${own.generators} and ${wanted}`,
    );
}

/** @internal What has a state: samplers and streams of the user's. */
interface Stateful {
  stateDict(): unknown;
  loadStateDict(state: unknown): void;
}

/** @internal Whether an object tells its state and takes it back. */
export const isStateful = (x: unknown): x is Stateful =>
  typeof x === 'object' &&
  x !== null &&
  typeof (x as Partial<Stateful>).stateDict === 'function' &&
  typeof (x as Partial<Stateful>).loadStateDict === 'function';

/** @internal The sampler that tells its state: the one given, or one in it. */
export function statefulSampler(sampler: unknown): Stateful | undefined {
  for (let at = sampler; typeof at === 'object' && at !== null; at = (at as { sampler?: unknown }).sampler)
    if (isStateful(at)) return at;
  return undefined;
}

/** @internal The generators that were given to a loader and its samplers, each once, but for the default one. */
export function givenGenerators(generator: Generator | undefined, sampler: unknown): Generator[] {
  const found = new Set<unknown>([generator]);
  // A batch sampler has a sampler in it.
  for (let at = sampler; typeof at === 'object' && at !== null; at = (at as { sampler?: unknown }).sampler)
    found.add((at as { generator?: unknown }).generator);
  return [...found].filter((x): x is Generator => x instanceof Generator && x !== defaultGenerator);
}

/** @internal Runs `f` with generators in earlier states; afterwards they are where they were. */
export function withStates<R>(
  generators: readonly Generator[],
  states: readonly GeneratorBytes[],
  f: () => R,
): R {
  const before = generators.map((generator) => generator.getState());
  setStates(generators, states);
  try {
    return f();
  } finally {
    setStates(generators, before);
  }
}

type GeneratorBytes = Uint8Array | readonly number[];

/** @internal Sets each generator's state. */
export function setStates(generators: readonly Generator[], states: readonly GeneratorBytes[]): void {
  for (const [i, generator] of generators.entries()) {
    const state = states[i];
    if (state !== undefined) generator.setState(state);
  }
}
