/** What results are beside their elements. */
import { autogradOf, Tensor } from '../../tensor.ts';

/** What a result is that is no plain tensor, nor an argument itself. */
export interface Kind {
  /** The leaf that it is, one that was there before: a parameter. */
  readonly leaf: Tensor | null;
  /** Whether it may lie where an argument does, but is another tensor: a detached one. */
  readonly isApart: boolean;
  readonly requiresGrad: boolean;
  readonly inference: boolean;
}

/** The kinds of results, `null` for those that have none; or of all. */
export type Kinds = readonly (Kind | null)[] | null;

export function kindsOf(
  results: readonly Tensor[],
  given: readonly Tensor[],
  leaves: ReadonlySet<Tensor>,
): Kinds {
  const kinds = results.map((x): Kind | null => {
    if (given.includes(x)) return null;
    const requiresGrad = x.gradFn === null && x.requiresGrad;
    const isApart = given.some(({ storage }) => storage === x.storage);
    const { inference } = autogradOf(x);
    if (!requiresGrad && !isApart && !inference) return null;
    return { leaf: requiresGrad && leaves.has(x) ? x : null, isApart, requiresGrad, inference };
  });
  return kinds.every((kind) => kind === null) ? null : kinds;
}

/** The result of this kind, of what a program gave. */
export function ofKind(kind: Kind, x: Tensor): Tensor {
  if (kind.leaf !== null) return kind.leaf;
  const { storage, shape, dtype, offset, strides, dense } = x;
  const y = kind.isApart ? new Tensor(storage, shape, dtype, offset, dense ? null : strides) : x;
  const state = autogradOf(y);
  if (kind.requiresGrad) state.leafRequiresGrad = true;
  if (kind.inference) state.inference = true;
  return y;
}
