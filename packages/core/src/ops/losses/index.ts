/** The row kernels of classification losses as operations; the losses themselves are in @kindling/nn. */
export * from './cross-entropy.ts';
export * from './nll.ts';
