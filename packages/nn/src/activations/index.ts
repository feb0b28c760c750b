/** Activations: the functions of `torch.nn.functional` and, beside each, its class of `torch.nn`. */
export type { InplaceOptions } from './activation.ts';
export * from './elu.ts';
export * from './gelu.ts';
export * from './piecewise.ts';
export * from './relu.ts';
export * from './smooth.ts';
export * from './softmax.ts';
