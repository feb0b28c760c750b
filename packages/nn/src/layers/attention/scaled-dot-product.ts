import { type AttentionOptions, scaledDotProductAttention } from '@kindling/core';

export { type AttentionOptions, scaledDotProductAttention };
