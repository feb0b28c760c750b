/** Optimizers, one a file: options with their kinds, the update and its numbers. */
export * from './adagrad/index.ts';
export * from './adam/index.ts';
export { ASGD, type ASGDOptions } from './asgd.ts';
export type { CommonOptions } from './common.ts';
export { Lamb, type LambOptions } from './lamb.ts';
export * from './lbfgs/index.ts';
export { Lion, type LionOptions } from './lion.ts';
export { Muon, type MuonOptions } from './muon.ts';
export { Rprop, type RpropOptions } from './rprop.ts';
export { SAM, type SAMOptions, type SAMStateDict } from './sam.ts';
export * from './schedule-free/index.ts';
export { SGD, type SGDOptions } from './sgd.ts';
