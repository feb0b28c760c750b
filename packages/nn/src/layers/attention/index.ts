/** Attention, and the transformers made of it. */

export { type AttentionOptions, scaledDotProductAttention } from '@kindling/core';
export * from './multihead-attention.ts';
export * from './transformer.ts';
export * from './transformer-layers.ts';
