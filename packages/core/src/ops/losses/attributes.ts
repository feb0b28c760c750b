import { K } from '../../arguments/index.ts';
import type { Reduction } from '../elementwise/reduced.ts';

/** What the loss of rows of classes is computed with. */
export interface RowLossAttributes {
  /** The dimension of the classes, normalised. */
  readonly dim: number;
  /** Targets of this class count for nothing. */
  readonly ignoreIndex: number;
  /** What becomes of the losses of the rows. */
  readonly reduction: Reduction;
  /** Who is named in errors. */
  readonly caller: string;
}

/** What {@link RowLossAttributes} takes. */
export const rowLossKinds: K.Kinds<RowLossAttributes> = {
  dim: K.count,
  ignoreIndex: K.integer,
  reduction: K.oneOf('none', 'mean', 'sum'),
  caller: K.text,
};
