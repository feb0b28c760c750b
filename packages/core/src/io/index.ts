/** Tensors in files: safetensors and NumPy's .npy, as bytes. Exported by `@kindling/core` as `io`. */
export * from './tensor-files.ts';
