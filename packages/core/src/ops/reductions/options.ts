import type { DType } from '../../dtype.ts';

/** One dimension, several, or (`undefined`, `null`, `[]`) all of them. */
export type Dims = number | readonly number[] | null | undefined;

/** Options of reductions. */
export interface ReduceOptions {
  /** Whether reduced dimensions stay, with size 1. Default: false. */
  readonly keepdim?: boolean;
}

/** Options of reductions that can compute in another dtype. */
export interface SumOptions extends ReduceOptions {
  /** The tensor is converted to this dtype first. Default: its own, int32 for bools and integers. */
  readonly dtype?: DType;
}
