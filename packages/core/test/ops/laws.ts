/** What every differentiable operation promises, whatever the layout of its inputs. */

import fc from 'fast-check';
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts';
import { clone } from '../../src/ops/creation/copy.ts';
import { noGrad } from '../../src/record/grad-mode.ts';
import type { Tensor } from '../../src/tensor.ts';
import { assertClose, nonContiguous, type ShapeOptions, tensors } from '../../src/testing/index.ts';

type Operation = (x: Tensor) => Tensor | readonly Tensor[];

const asList = (y: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(y) ? y : [y as Tensor]);

/** A float64 tensor that wants a gradient, and a non-contiguous one with the same elements. */
const inTwoLayouts = (shape: ShapeOptions, distinct: boolean): fc.Arbitrary<[Tensor, Tensor]> =>
  tensors({ shape: { minRank: 2, maxRank: 3, maxSize: 3, ...shape }, requiresGrad: true, distinct }).chain(
    (x) => nonContiguous(x).map((view): [Tensor, Tensor] => [x, view]),
  );

/** Options of {@link checkLaws}. */
export interface LawOptions {
  readonly shape?: ShapeOptions;
  readonly numRuns?: number;
  /** Whether all elements of the drawn tensors differ. */
  readonly distinct?: boolean;
}

/** The operation gives the same on a view as on its contiguous copy, and its first two derivatives are right. */
export function checkLaws(operation: Operation, options: LawOptions = {}): void {
  fc.assert(
    fc.property(inTwoLayouts(options.shape ?? {}, options.distinct ?? false), ([x, view]) => {
      const expected = noGrad(() => asList(operation(clone(x))));
      const actual = noGrad(() => asList(operation(view)));
      expected.forEach((y, i) => {
        assertClose(actual[i]!, y);
      });
      const floating = (y: Tensor): Tensor | readonly Tensor[] =>
        asList(operation(y)).filter((z) => z.requiresGrad);
      gradcheck(floating, [view]);
      gradgradcheck(floating, [view]);
    }),
    { numRuns: options.numRuns ?? 8 },
  );
}
