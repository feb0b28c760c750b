import { arange, type Generator, int32, randint, type Tensor, tensor, ValueError } from '@kindling/core';
import { readFile } from '../read-file.ts';

/** A text as numbers: a character is its place in the sorted vocabulary. */
interface Corpus {
  /** Every character of the text, once. */
  readonly vocabulary: readonly string[];
  /** The first nine tenths, int32. */
  readonly train: Tensor;
  /** The rest. */
  readonly validation: Tensor;
}

/** Pieces of text, (N, T), and what follows each of their characters, (N, T). */
export interface Batch {
  readonly input: Tensor;
  readonly target: Tensor;
}

const packaged = new URL('../data/shakespeare.txt', import.meta.url);

/**
 * The plays of data/shakespeare.txt, or another text.
 * @throws UsageError where the file cannot be read
 */
export function loadCorpus(path: string | URL = packaged): Corpus {
  const characters = Array.from(readFile(path).toString('utf8'));
  const vocabulary = Array.from(new Set(characters)).sort();
  const codes = codesOf(vocabulary, characters);
  const border = Math.floor(0.9 * characters.length);
  return {
    vocabulary,
    train: codes.narrow(0, 0, border),
    validation: codes.narrow(0, border, codes.count - border),
  };
}

/**
 * Characters as numbers, int32.
 * @throws ValueError for one that the vocabulary has not
 */
export function codesOf(vocabulary: readonly string[], characters: readonly string[]): Tensor {
  const codes = new Map(vocabulary.map((character, code) => [character, code]));
  const code = (character: string): number => {
    const found = codes.get(character);
    if (found === undefined) throw new ValueError(`the text has no ${JSON.stringify(character)}`);
    return found;
  };
  return tensor(characters.map(code), { dtype: int32 });
}

/** The pieces of `text` that begin at `starts`. */
function piecesAt(text: Tensor, starts: Tensor, length: number): Batch {
  const places = starts.unsqueeze(1).add(arange(length));
  return { input: text.take(places), target: text.take(places.add(1)) };
}

/** `count` pieces from anywhere. */
export const randomBatch = (text: Tensor, count: number, length: number, generator: Generator): Batch =>
  piecesAt(text, randint(0, text.count - length, [count], { generator }), length);

/**
 * At most `most` pieces side by side, from the beginning to the end of the text, in batches of `count`: always the
 * same.
 */
export function evenBatches(text: Tensor, most: number, count: number, length: number): Batch[] {
  const fitting = Math.floor((text.count - 1) / length);
  const pieces = Math.min(most, fitting);
  const starts = Array.from({ length: pieces }, (_, i) => Math.floor((i * fitting) / pieces) * length);
  return Array.from({ length: Math.ceil(pieces / count) }, (_, i) =>
    piecesAt(text, tensor(starts.slice(i * count, (i + 1) * count), { dtype: int32 }), length),
  );
}
