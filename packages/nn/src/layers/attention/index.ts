/** Attention, and the transformers made of it. */
export * from './multihead-attention.ts';
export * from './scaled-dot-product.ts';
export * from './transformer.ts';
export * from './transformer-layers.ts';
