/** Archives by hand, right and wrong. */
import { crc32 } from 'node:zlib';

export interface Part {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the headers say, where it is not what is true. */
  readonly method?: number;
  readonly size?: number;
  readonly stored?: number;
  readonly crc?: number;
  readonly flags?: number;
  /** Where the directory says it lies. */
  readonly offset?: number;
  readonly extra?: Uint8Array;
  readonly localName?: string;
}

const u16 = (x: number) => [x & 255, (x >>> 8) & 255];
const u32 = (x: number) => [...u16(x), ...u16(x >>> 16)];
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

/** The bytes of an archive; `entries` is what its end says of their number. */
export function zip(parts: readonly Part[], entries = parts.length): Uint8Array {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const add = (list: Uint8Array[], ...bytes: (Uint8Array | number[])[]): number => {
    let length = 0;
    for (const piece of bytes) {
      list.push(Uint8Array.from(piece));
      length += piece.length;
    }
    return length;
  };
  for (const part of parts) {
    const { name, bytes, method = 0, flags = 0, extra = new Uint8Array(0) } = part;
    const {
      size = bytes.length,
      stored = bytes.length,
      crc = crc32(bytes),
      offset = at,
      localName = name,
    } = part;
    const about = [...u16(flags), ...u16(method), ...u32(0x21), ...u32(crc), ...u32(stored), ...u32(size)];
    const [named, local] = [latin1(name), latin1(localName)];
    const header = [
      0x50,
      0x4b,
      1,
      2,
      ...u16(20),
      ...u16(20),
      ...about,
      ...u16(named.length),
      ...u16(extra.length),
    ];
    add(directory, [...header, ...u16(0), ...u16(0), ...u16(0), ...u32(0), ...u32(offset)], named, extra);
    at += add(
      pieces,
      [0x50, 0x4b, 3, 4, ...u16(20), ...about, ...u16(local.length), ...u16(0)],
      local,
      bytes,
    );
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = [
    0x50,
    0x4b,
    5,
    6,
    ...u16(0),
    ...u16(0),
    ...u16(entries),
    ...u16(entries),
    ...u32(size),
    ...u32(at),
    ...u16(0),
  ];
  return Uint8Array.from(Buffer.concat([...pieces, ...directory, Uint8Array.from(end)]));
}

/** The parts of a file with this pickle and these storages. */
export const partsOf = (pickle: Uint8Array, storages: readonly Uint8Array[] = []): Part[] => [
  { name: 'archive/data.pkl', bytes: pickle },
  { name: 'archive/byteorder', bytes: latin1('little') },
  ...storages.map((bytes, i) => ({ name: `archive/data/${i}`, bytes })),
  { name: 'archive/version', bytes: latin1('3\n') },
];

/** A file with this pickle. */
export const fileOf = (pickle: Uint8Array | string, storages: readonly Uint8Array[] = []): Uint8Array =>
  zip(partsOf(typeof pickle === 'string' ? latin1(pickle) : pickle, storages));
