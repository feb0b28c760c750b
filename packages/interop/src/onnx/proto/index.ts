/** The messages of ONNX files: what protoc-gen-es makes of ../../../proto, and buf.gen.yaml there says how. */
export * from './onnx_pb.ts';
