/** PyTorch's `torch.masked`, on tensors and masks: exported as the namespace `masked`. */
export type { MaskedOptions, MaskedReduceOptions } from './masking.ts';
export * from './moments.ts';
export * from './reductions.ts';
export * from './rows.ts';
