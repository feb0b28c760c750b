/** Optimizers, one a file: options with their kinds, the update and its numbers. */
export { Adadelta, type AdadeltaOptions } from './adadelta.ts';
export { Adafactor, type AdafactorOptions } from './adafactor.ts';
export { Adagrad, type AdagradOptions } from './adagrad.ts';
export * from './adam/index.ts';
export { ASGD, type ASGDOptions } from './asgd.ts';
export type { CommonOptions } from './common.ts';
export { Lamb, type LambOptions } from './lamb.ts';
export * from './lbfgs/index.ts';
export { Lion, type LionOptions } from './lion.ts';
export { Muon, type MuonOptions } from './muon.ts';
export { RMSprop, type RMSpropOptions } from './rmsprop.ts';
export { Rprop, type RpropOptions } from './rprop.ts';
export { SAM, type SAMOptions, type SAMStateDict } from './sam.ts';
export * from './schedule-free/index.ts';
export { SGD, type SGDOptions } from './sgd.ts';
