import { K, type Signature, signature } from '../../arguments/index.ts';
import { IndexError } from '../../errors.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
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

/** What the loss of that name takes, whose attributes are of these kinds. */
export const rowLossTakes = <A extends RowLossAttributes>(name: string, kinds: K.Kinds<A>): Signature =>
  signature(name, {
    x: K.tensor,
    target: K.tensor,
    weight: K.nullable(K.tensor),
    attributes: K.given<A>(kinds),
  });

/** Refuses a dimension that x has not. */
export function checkDim(name: string, x: Tensor, dim: number): void {
  if (!(dim < x.ndim))
    throw new IndexError(`${name}: there is no dim ${dim} in shape ${formatShape(x.shape)}`);
}
