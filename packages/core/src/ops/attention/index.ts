/** Attention, whose weights are kept nowhere. */
export { type AttentionOptions, scaledDotProductAttention } from './scaled-dot-product.ts';
