/** A ZIP archive as torch.load maps it into memory: stored as it is, each entry at a multiple of 64 bytes. */

/** A file in the archive. */
export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The folder that holds all, of the name that torch.save gives it where it has no file's. */
const FOLDER = 'archive';
/** Equal values give equal files. */
const DATE = /* @__PURE__ */ new Date(1980, 0, 1);

/** The bytes of the archive, in parts. */
export async function writeArchive(entries: readonly Entry[]): Promise<Uint8Array<ArrayBuffer>[]> {
  const { Uint8ArrayReader, ZipWriter } = await import('@zip.js/zip.js');
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const sink = new WritableStream<Uint8Array<ArrayBuffer>>({ write: (part) => void parts.push(part) });
  const writer = new ZipWriter(sink, {
    level: 0,
    // The library's name of the format whose entries lie so.
    usdz: true,
    extendedTimestamp: false,
    lastModDate: DATE,
    useWebWorkers: false,
  });
  for (const { name, bytes } of entries) await writer.add(`${FOLDER}/${name}`, new Uint8ArrayReader(bytes));
  await writer.close();
  return parts;
}
