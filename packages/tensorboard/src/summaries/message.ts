import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Summary_ValueSchema, TensorSchema } from '../proto/index.ts';

/** One value of a summary. */
export type Value = Omit<MessageInitShape<typeof Summary_ValueSchema>, '$typeName'>;

/** A value for a plugin of TensorBoard: what is the plugin's own, and the tensor that it shows. */
export const pluginValue = (
  tag: string,
  pluginName: string,
  content: Uint8Array,
  tensor: Omit<MessageInitShape<typeof TensorSchema>, '$typeName'> | null,
): Value => ({
  tag,
  metadata: { pluginData: { pluginName, content } },
  ...(tensor && { value: { case: 'tensor', value: tensor } }),
});

/** The bytes of a message. */
export const bytesOf = <D extends DescMessage>(schema: D, message: MessageInitShape<D>): Uint8Array =>
  toBinary(schema, create(schema, message));
