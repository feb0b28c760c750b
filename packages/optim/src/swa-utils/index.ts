/** Averaging of weights, `torch.optim.swa_utils`: exported by `@kindling/optim` as `swaUtils`. */
export { SWALR, type SWALROptions } from './swa-lr.ts';
