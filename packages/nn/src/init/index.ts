/** Ways to fill a tensor before training: `torch.nn.init`, with its names, defaults and random numbers. */
export * from './fills.ts';
export * from './matrices.ts';
export * from './scaled.ts';
export * from './trunc-normal.ts';
