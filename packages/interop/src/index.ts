/** The public surface of @kindling/interop. */
export type { FileURL } from './file-url.ts';
export * from './onnx/index.ts';
export * from './torch-file/index.ts';
export * from './torch-project/index.ts';
