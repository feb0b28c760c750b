/**
 * What is done to the parameters of a model as a whole, `torch.nn.utils`: nn exports it as `utils`, optim the clipping.
 */
export * from './clip-gradients.ts';
export { tensorList } from './list.ts';
export * from './vectors.ts';
