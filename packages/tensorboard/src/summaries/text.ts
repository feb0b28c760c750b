import { pluginValue, type Value } from './message.ts';

/** A text, which TensorBoard reads as Markdown. */
export const textOf = (tag: string, text: string): Value =>
  pluginValue(`${tag}/text_summary`, 'text', new Uint8Array(), {
    dtype: 7,
    tensorShape: { dim: [{ size: 1n }] },
    stringVal: [new TextEncoder().encode(text)],
  });
