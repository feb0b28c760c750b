/** Models as ONNX: the operations of a recording as nodes of its graph. */
export {};
