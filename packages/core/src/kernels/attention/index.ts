/** Attention by blocks of queries and keys: forward, and on the way back. */
export * from './attention.ts';
export { attentionFits, useWideAttention } from './plan.ts';
