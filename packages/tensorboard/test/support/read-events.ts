/** Reads event files back: by the protobuf library, each record's checksums checked. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema, type Summary_Value } from '../../src/proto/index.ts';
import { maskedChecksum } from '../../src/records.ts';

/** The records of a file; what stands behind the last whole one is an error. */
function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    if (view.getUint32(at + 8, true) !== maskedChecksum(bytes.subarray(at, at + 8)))
      throw new Error(`the length at ${at} has another checksum`);
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 12 + length, true) !== maskedChecksum(data))
      throw new Error(`the data at ${at} has another checksum`);
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** The events of a folder's files, in their order. */
export const readEvents = (folder: string): Event[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('events.out.tfevents.'))
    .sort()
    .flatMap((name) => recordsOf(readFileSync(join(folder, name))))
    .map((record) => fromBinary(EventSchema, record));

/** What was logged, with its step. */
export const readValues = (folder: string): (Summary_Value & { step: number })[] =>
  readEvents(folder).flatMap(({ what, step }) =>
    what.case === 'summary' ? what.value.value.map((value) => ({ ...value, step: Number(step) })) : [],
  );
