/** PyTorch's files, .pt and .pth: read by an unpickler that builds tensors and containers alone, and written. */
export { loadTorch } from './load.ts';
export type { TorchValue } from './pickle/index.ts';
export { pyFloat } from './pickle/index.ts';
export { type SaveTorchOptions, saveTorch, serializeTorch } from './save.ts';
export type { BlobLike } from './source.ts';
