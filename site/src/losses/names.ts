import type * as nn from '@kindling/nn';

type Nn = typeof nn;
type Bases = 'Loss' | 'WeightedLoss';

/**
 * The losses, by the names of their classes: what `@kindling/nn` exports decides, so a new one asks for its words and
 * its picture.
 */
export type LossName = {
  [Name in keyof Nn]: Name extends `${string}Loss` | `${string}Loss2d`
    ? Name extends Capitalize<Name>
      ? Exclude<Name, Bases>
      : never
    : never;
}[keyof Nn];
