/** IDX, the format of MNIST's files: what the elements are, how many dimensions, their sizes, then the elements. */
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../flags.ts';

/** An array of bytes, row-major. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const BYTES = 8;
const kinds: Readonly<Record<number, string>> = {
  [BYTES]: 'bytes',
  9: 'signed bytes',
  11: '16-bit integers',
  12: '32-bit integers',
  13: '32-bit floats',
  14: '64-bit floats',
};
/** Five times MNIST: whatever a compressed file claims, it unpacks to no more. */
const MAX_UNPACKED = 2 ** 28;

/** The file as it was before gzip, if that was applied: the published files are compressed, and often so kept. */
function unpacked(file: Uint8Array, name: string): Uint8Array {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file;
  try {
    return new Uint8Array(gunzipSync(file, { maxOutputLength: MAX_UNPACKED }));
  } catch (cause) {
    throw new UsageError(`${name}: cannot be decompressed: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Reads an IDX file of bytes, compressed by gzip or not; `name` is the file's, for messages.
 * @throws UsageError for what is no such file, is cut off or has bytes left over
 */
export function parseIdx(file: Uint8Array, name: string): IdxArray {
  const content = unpacked(file, name);
  const [first, second, kind = 0, rank = 0] = content;
  if (content.length < 4 || first !== 0 || second !== 0 || kinds[kind] === undefined) {
    throw new UsageError(
      `${name}: no IDX file: it should begin with two zeros, the kind of elements and the rank`,
    );
  }
  if (kind !== BYTES) throw new UsageError(`${name}: holds ${kinds[kind]}, expected bytes`);
  if (rank === 0) throw new UsageError(`${name}: has no dimensions`);
  const start = 4 + 4 * rank;
  if (content.length < start) {
    throw new UsageError(`${name}: ends within the sizes of its ${rank} dimensions (truncated?)`);
  }
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const shape = Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d));
  const count = shape.reduce((a, b) => a * b, 1);
  const present = content.length - start;
  if (present !== count) {
    const why = present < count ? ' (truncated?)' : '';
    throw new UsageError(
      `${name}: an array of shape [${shape.join(', ')}] takes ${count} bytes, but ${present} follow the sizes${why}`,
    );
  }
  return { shape, bytes: content.slice(start) };
}
