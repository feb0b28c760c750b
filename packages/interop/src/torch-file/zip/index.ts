/** The ZIP archive that torch.save writes, read and written by zip.js: entries stored as they are, in one folder. */
export { Archive, isArchive } from './archive.ts';
export { type Entry, writeArchive } from './write-archive.ts';
