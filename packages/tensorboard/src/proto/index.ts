/** The messages of event files: what protoc-gen-es makes of ../../proto, and buf.gen.yaml there says how. */
export * from './plugins_pb.ts';
export * from './summary_pb.ts';
