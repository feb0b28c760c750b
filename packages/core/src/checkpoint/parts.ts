import { K } from '../arguments/index.ts';
import { ValueError } from '../errors.ts';
import { disown, isPromise } from '../readable.ts';
import { decodeState, encodeState, type Sink } from './encoding.ts';

/** What tells its state and takes it back: modules, optimizers, schedulers, loaders. Kindling's own. */
export interface Stateful {
  /** The state: JSON, tensors, bytes, and arrays and plain objects of them. */
  stateDict(): unknown;
  /** Takes back what {@link stateDict} gave; where it does not fit, it throws, and changes nothing. */
  loadStateDict(state: never): unknown;
}

/** A source of random numbers: a `Generator`. Kindling's own. */
export interface StatefulGenerator {
  /** The state, as bytes. */
  getState(): Uint8Array;
  /** Takes back what {@link getState} gave. */
  setState(state: never): unknown;
}

/** What a checkpoint can hold. Kindling's own. */
export type CheckpointPart = Stateful | StatefulGenerator;

const isPart = (x: unknown): x is CheckpointPart => {
  if ((typeof x !== 'object' && typeof x !== 'function') || x === null) return false;
  const { stateDict, loadStateDict, getState, setState } = x as Partial<Stateful & StatefulGenerator>;
  return [
    [stateDict, loadStateDict],
    [getState, setState],
  ].some((pair) => pair.every((f) => typeof f === 'function'));
};

/** Parts by name. */
export const partsKind = /* @__PURE__ */ K.kind(
  'parts by name, each with stateDict() and loadStateDict() or a Generator, as in { model, optimizer }',
  (x) => K.isOptions(x) && Object.values(x).every((part) => part === undefined || isPart(part)),
);

const stateOf = (part: CheckpointPart): unknown => ('stateDict' in part ? part.stateDict() : part.getState());

function setState(part: CheckpointPart, state: unknown): void {
  const given = 'stateDict' in part ? part.loadStateDict(state as never) : part.setState(state as never);
  if (!isPromise(given)) return;
  disown(given);
  throw new ValueError('it loads its state asynchronously, and nothing waits for that: load it at once');
}

type Parts = ReadonlyMap<string, CheckpointPart>;

/** The states of all parts as JSON; their tensors are copied. */
export const encodeParts = (parts: Parts, to: Sink): Record<string, unknown> =>
  Object.fromEntries(Array.from(parts, ([name, part]) => [name, encodeState(stateOf(part), name, to)]));

/** The state of a part as it is now, to go back to. */
function stateNow(caller: string, name: string, part: CheckpointPart): unknown {
  const to: Sink = { caller, arrays: new Map() };
  return decodeState(encodeState(stateOf(part), name, to), to.arrays);
}

/**
 * Gives each part its state, where there is one. Where one does not fit, those before it go back to what they were.
 * @throws ValueError
 */
export function restoreParts(parts: Parts, states: Readonly<Record<string, unknown>>, where: string): void {
  const taken = [...parts].filter(([name]) => Object.hasOwn(states, name));
  const before = taken.map(([name, part]) => ({ name, part, state: stateNow(where, name, part) }));
  for (const [i, { name, part }] of before.entries()) {
    try {
      setState(part, states[name]);
    } catch (cause) {
      const lost = before.slice(0, i + 1).flatMap((earlier) => goBack(earlier));
      const rest = lost.length === 0 ? 'nothing was changed' : `these could not go back: ${lost.join('; ')}`;
      const { message } = cause as Error;
      throw new ValueError(`${where}: part ${JSON.stringify(name)} does not fit, and ${rest}: ${message}`, {
        cause,
      });
    }
  }
}

function goBack({ name, part, state }: { name: string; part: CheckpointPart; state: unknown }): string[] {
  try {
    setState(part, state);
    return [];
  } catch (error) {
    return [`${name} (${(error as Error).message})`];
  }
}

/**
 * Throws unless the names of a checkpoint's parts, or of the user's values, are those of a file.
 * @throws ValueError
 */
export function checkNames(
  what: string,
  own: readonly string[],
  inFile: readonly string[],
  where: string,
): void {
  const lacking = own.filter((name) => !inFile.includes(name));
  const extra = inFile.filter((name) => !own.includes(name));
  if (lacking.length === 0 && extra.length === 0) return;
  const faults = [
    lacking.length > 0 ? `it has no ${lacking.join(', ')}` : '',
    extra.length > 0 ? `nothing takes its ${extra.join(', ')}` : '',
  ].filter((fault) => fault !== '');
  throw new ValueError(
    `${where}: the ${what} of the file are ${inFile.join(', ') || 'none'}, expected ${own.join(', ') || 'none'}: ` +
      `${faults.join(' and ')}; { strict: false } loads what both have`,
  );
}
