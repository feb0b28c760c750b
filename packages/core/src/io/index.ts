/** Tensors in files: safetensors and NumPy's .npy, as bytes, and JSON. Exported by `@kindling/core` as `io`. */
export { fromJSON, isTensorJSON, type TensorJSON } from './json.ts';
export { readElements, type StoredAs, writeElements } from './stored.ts';
export * from './tensor-files.ts';
