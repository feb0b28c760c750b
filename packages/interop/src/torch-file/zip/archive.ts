/** The ZIP archive that torch.save writes: entries side by side in one folder, stored as they are. */
import { ValueError } from '@kindling/core';
import type { FileEntry, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js';
import { crc32 } from './crc32.ts';

/** More storages than any checkpoint has; the library takes a tenth of a millisecond to list an entry. */
const MAX_ENTRIES = 10_000;
/** What the directory says of an entry besides: torch.save writes nothing there but sizes beyond 32 bits. */
const MAX_EXTRA_BYTES = 64;
/** torch.save writes a record of the 64 bit form where none is needed, which leaves bytes between directory and end. */
const EXPECTED_WARNING = 'trailing central directory data';

const malformed = (where: string, what: string, cause?: unknown): ValueError =>
  new ValueError(`${where}: malformed file: ${what}`, { cause });

export const isArchive = (bytes: Uint8Array): boolean => {
  const [p, k, three, four] = bytes;
  return p === 0x50 && k === 0x4b && ((three === 3 && four === 4) || (three === 5 && four === 6));
};

/** Runs what the library does; its errors become ours. */
async function inLibrary<T>(where: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ValueError) throw error;
    const { message, reason } = error as Error & { reason?: string };
    throw malformed(where, `the ZIP archive: ${message}${reason === undefined ? '' : ` (${reason})`}`, error);
  }
}

/** The entries of an archive, by their names within its one folder. Names are compared, and never used as paths. */
export class Archive {
  readonly #bytes: Uint8Array;
  readonly #where: string;
  readonly #entries: Map<string, FileEntry>;
  /** What the library wants for a writer where it only checks. */
  readonly #nowhere: Uint8ArrayWriter;

  private constructor(
    bytes: Uint8Array,
    where: string,
    entries: Map<string, FileEntry>,
    nowhere: Uint8ArrayWriter,
  ) {
    this.#nowhere = nowhere;
    this.#bytes = bytes;
    this.#where = where;
    this.#entries = entries;
  }

  static async open(bytes: Uint8Array, where: string): Promise<Archive> {
    const { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } = await import('@zip.js/zip.js');
    return await inLibrary(where, async () => {
      const reader = new ZipReader(new Uint8ArrayReader(bytes), {
        filenameValidation: 'strict',
        checkLocalDirectory: true,
        checkLocalFilename: true,
        checkOverlappingEntry: true,
        useWebWorkers: false,
      });
      return new Archive(bytes, where, await listed(reader, where), new Uint8ArrayWriter());
    });
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The bytes of an entry, a copy. It can be read once. */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const entry = this.#entries.get(name);
    const what = `entry ${JSON.stringify(name)}`;
    if (entry === undefined) throw malformed(this.#where, `${what} is missing`);
    // What the library learns of an entry is kept with it.
    this.#entries.delete(name);
    const size = entry.uncompressedSize;
    if (entry.encrypted) throw malformed(this.#where, `${what} is encrypted`);
    if (entry.compressionMethod !== 0 || entry.compressedSize !== size) {
      throw malformed(
        this.#where,
        `${what} is compressed, as torch.save writes none: load the file in PyTorch and save it again`,
      );
    }
    // The library checks where the entry lies, and what stands before and behind it; nothing is written to the writer.
    await inLibrary(this.#where, async () => {
      await entry.getData(this.#nowhere, { checkOverlappingEntryOnly: true });
    });
    const start = entry.localDirectory?.dataOffset;
    if (start === undefined || start + size > this.#bytes.length)
      throw malformed(this.#where, `${what} lies outside the file`);
    const bytes = this.#bytes.slice(start, start + size) as Uint8Array<ArrayBuffer>;
    if (crc32(bytes) !== entry.crc32) {
      throw malformed(
        this.#where,
        `the checksum of ${what} is wrong: it was damaged, or saved after torch.serialization.set_crc32_options(False)`,
      );
    }
    return bytes;
  }
}

async function listed(reader: ZipReader<unknown>, where: string): Promise<Map<string, FileEntry>> {
  const entries = new Map<string, FileEntry>();
  let folder: string | null = null;
  for await (const entry of reader.getEntriesGenerator()) {
    const { filename, rawExtraField, directory } = entry;
    folder ??= `${filename.split('/')[0]}/`;
    const what = `entry ${JSON.stringify(filename.slice(0, 100))}`;
    if (directory) throw malformed(where, `${what} is a folder, not a file`);
    if (!filename.startsWith(folder) || filename === folder) {
      throw malformed(
        where,
        `${what} is not in the folder ${JSON.stringify(folder)}, as all are that torch.save writes`,
      );
    }
    const name = filename.slice(folder.length);
    if (entries.has(name)) throw malformed(where, `${what} comes twice`);
    if (rawExtraField.length > MAX_EXTRA_BYTES)
      throw malformed(where, `${what} has ${rawExtraField.length} bytes of extra fields`);
    entries.set(name, entry);
    if (entries.size > MAX_ENTRIES) throw malformed(where, `it has more than ${MAX_ENTRIES} entries`);
  }
  const warning = reader.warnings?.find(({ reason }) => reason !== EXPECTED_WARNING);
  if (warning !== undefined) throw malformed(where, `the ZIP archive: ${warning.reason}`);
  return entries;
}
