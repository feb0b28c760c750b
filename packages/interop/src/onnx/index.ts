/** Models as ONNX: the operations of a recording as nodes of its graph. */
export { exportOnnx, type OnnxOptions } from './export-onnx.ts';
export type { Given } from './structure.ts';
