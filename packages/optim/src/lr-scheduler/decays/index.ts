/** Schedules that lower the rates, or raise them first. */
export { ConstantLR, type ConstantLROptions } from './constant-lr.ts';
export { CosineAnnealingLR, type CosineAnnealingLROptions } from './cosine-annealing-lr.ts';
export { ExponentialLR } from './exponential-lr.ts';
export type { LrLambda } from './functions.ts';
export { LambdaLR } from './lambda-lr.ts';
export { LinearLR, type LinearLROptions } from './linear-lr.ts';
export { MultiStepLR, type MultiStepLROptions } from './multi-step-lr.ts';
export { MultiplicativeLR } from './multiplicative-lr.ts';
export { PolynomialLR, type PolynomialLROptions } from './polynomial-lr.ts';
export { StepLR, type StepLROptions } from './step-lr.ts';
export { WarmupStableDecayLR, type WarmupStableDecayLROptions } from './warmup-stable-decay-lr.ts';
