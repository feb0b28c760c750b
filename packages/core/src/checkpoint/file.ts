/** A checkpoint as a file: safetensors, whose metadata hold all that is no tensor. */
import { isOptions } from '../arguments/kinds.ts';
import { ValueError } from '../errors.ts';
import type { DenseArray } from '../io/encodings.ts';
import { parseSafetensors, readSafetensor, serializeSafetensors, tensorIn } from '../io/safetensors.ts';
import { type Arrays, decodeState } from './encoding.ts';

/** A name and its metric. */
export interface BestSaved {
  /** The name of the checkpoint. */
  readonly name: string;
  /** What {@link Checkpoint.save} was told of it. */
  readonly metric: number;
}

/**
 * What a checkpoint file holds; in the writer's hands JSON of {@link encodeState}, in the reader's what that stands
 * for.
 */
export interface Content {
  readonly epoch: unknown;
  readonly step: unknown;
  readonly metric: unknown;
  /** Which of all checkpoints was the best when this one was saved, by the least or the greatest metric. */
  readonly best: unknown;
  readonly values: unknown;
  readonly parts: unknown;
}

/** {@link Content} as it was read, checked. */
export interface Read extends Content {
  readonly epoch: number;
  readonly step: number;
  readonly metric: number | null;
  readonly best: (BestSaved & { readonly mode?: unknown }) | null;
  readonly values: Readonly<Record<string, unknown>>;
  readonly parts: Readonly<Record<string, unknown>>;
}

/** What the metadata of each file say: what it is, in which layout. */
const KIND = 'checkpoint 1';

/** The bytes of a checkpoint. */
export function writeCheckpoint(content: Content, arrays: Arrays, caller: string): Uint8Array {
  const state = JSON.stringify(content);
  const metadata = { kindling: `${KIND}, checksum ${checksum(state, arrays)}`, state };
  return serializeSafetensors(arrays, { metadata }, caller);
}

/**
 * What a checkpoint holds.
 * @throws ValueError, DTypeError where the file is torn, or none that {@link writeCheckpoint} made
 */
export function readCheckpoint(bytes: Uint8Array, where: string): Read {
  const { metadata, tensors, data } = parseSafetensors(bytes, where);
  const { kindling = 'nothing', state } = metadata;
  const fail = (what: string, cause?: unknown): ValueError => new ValueError(`${where}: ${what}`, { cause });
  const [kind, told] = kindling.split(', checksum ');
  if (kind !== KIND || state === undefined)
    throw fail(`no checkpoint: its metadata say kindling: ${kindling}, expected ${KIND} and a state`);
  const arrays = new Map<string, DenseArray>();
  for (const [name, entry] of tensors) arrays.set(name, readSafetensor(data, entry, tensorIn(where, name)));
  // Who changes a file knowingly writes none.
  if (told !== undefined && told !== checksum(state, arrays)) throw fail('its content is not what was saved');
  let content: unknown;
  try {
    content = decodeState(JSON.parse(state), arrays);
  } catch (cause) {
    throw fail(`malformed state: ${(cause as Error).message}`, cause);
  }
  if (!isContent(content)) throw fail('malformed state: it has not the form of one');
  return content;
}

const isCount = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0;
const isContent = (x: unknown): x is Read =>
  isOptions(x) &&
  isCount(x.epoch) &&
  isCount(x.step) &&
  (x.metric === null || typeof x.metric === 'number') &&
  (x.best === null ||
    (isOptions(x.best) && typeof x.best.name === 'string' && typeof x.best.metric === 'number')) &&
  isOptions(x.values) &&
  isOptions(x.parts);

/**
 * 32 bits that depend on every bit of the state and of the tensors, in the order of their names: the mixing of
 * MurmurHash3.
 */
function checksum(state: string, arrays: ReadonlyMap<string, DenseArray>): string {
  let hash = mixed(0, new TextEncoder().encode(state));
  for (const name of [...arrays.keys()].sort()) {
    const { array } = arrays.get(name) ?? { array: new Uint8Array() };
    hash = mixed(hash, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

function mixed(hash: number, bytes: Uint8Array): number {
  // Words need an aligned beginning.
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Int32Array(buffer, byteOffset, length >> 2);
  let h = mixWord(hash, length);
  for (let i = 0; i < words.length; i++) h = mixWord(h, words[i] ?? 0);
  for (let i = 4 * words.length; i < length; i++) h = mixWord(h, bytes[i] ?? 0);
  return h;
}

function mixWord(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}
