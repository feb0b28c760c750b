/** The whole state of a training in one file, to go on from: what it holds, which are kept, and where they lie. */
export {
  Checkpoint,
  type CheckpointOptions,
  type LoadCheckpointOptions,
  type Saved,
  type SaveOptions,
} from './checkpoint.ts';
export type { BestSaved } from './file.ts';
export { indexedDBStorage } from './indexed-db.ts';
export { opfsStorage } from './opfs.ts';
export type { CheckpointPart, Stateful, StatefulGenerator } from './parts.ts';
export { type CheckpointStorage, memoryStorage } from './storage.ts';
