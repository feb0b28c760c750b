/** What results are beside their elements. */
import { autogradOf, Tensor } from '../../tensor.ts';
import { type LeafPlace, leafAt } from '../guards.ts';
import type { GradientAtFirst } from './settle.ts';

/** What a result is that is no plain tensor, nor an argument itself. */
export interface Kind {
  /** The number of the argument that it is: others may lie in the same way in the same memory. */
  readonly argument: number | null;
  /** The tensor that it is, one that was there before: a parameter, a buffer. */
  readonly itself: Tensor | null;
  /** The leaf whose gradient it is then, one that was there before. */
  readonly gradientOf: LeafPlace | null;
  /** The number of the result that it is as well. */
  readonly sameAs: number | null;
  /** Whether it may lie where an argument or another result does, but is another tensor: a detached one. */
  readonly isApart: boolean;
  readonly requiresGrad: boolean;
  readonly inference: boolean;
}

/** The kinds of results, `null` for those that have none; or of all. */
export type Kinds = readonly (Kind | null)[] | null;

const asItIs: Omit<Kind, 'argument'> = {
  itself: null,
  gradientOf: null,
  sameAs: null,
  isApart: false,
  requiresGrad: false,
  inference: false,
};

export function kindsOf(
  results: readonly Tensor[],
  given: readonly Tensor[],
  leaves: ReadonlySet<Tensor>,
  gradients: readonly GradientAtFirst[],
): Kinds {
  const kinds = results.map((x, i): Kind | null => {
    if (given.includes(x)) return { ...asItIs, argument: given.indexOf(x) };
    const others = results.slice(0, i);
    const isAnother = (y: Tensor): boolean => y !== x && y.storage === x.storage;
    // Each call may find another tensor there.
    const ofLeaf = gradients.find(({ before }) => before === x)?.leaf;
    const gradientOf = ofLeaf !== undefined && gradientIn(ofLeaf) === x ? ofLeaf : null;
    const itself = leaves.has(x) && ofLeaf === undefined ? x : null;
    const requiresGrad = x.gradFn === null && x.requiresGrad;
    const isApart = given.some(isAnother) || others.some(isAnother);
    const sameAs = others.includes(x) ? others.indexOf(x) : null;
    const { inference } = autogradOf(x);
    const isWhat = [itself, gradientOf, sameAs].some((what) => what !== null);
    if (!requiresGrad && !isApart && !inference && !isWhat) return null;
    return { argument: null, itself, gradientOf, sameAs, isApart, requiresGrad, inference };
  });
  return kinds.every((kind) => kind === null) ? null : kinds;
}

const gradientIn = ({ tensor }: LeafPlace): Tensor | null => autogradOf(tensor).gradient;

/** The results of these kinds, of what a program gave for arguments with these tensors. */
export function ofKinds(
  kinds: readonly (Kind | null)[],
  found: readonly Tensor[],
  given: readonly Tensor[],
): Tensor[] {
  const results: Tensor[] = [];
  for (const [i, x] of found.entries()) {
    const kind = kinds[i] ?? null;
    results.push(kind === null ? x : (results[kind.sameAs ?? -1] ?? ofKind(kind, x, given)));
  }
  return results;
}

function ofKind(kind: Kind, x: Tensor, given: readonly Tensor[]): Tensor {
  if (kind.argument !== null) return given[kind.argument] ?? x;
  if (kind.itself !== null) return kind.itself;
  if (kind.gradientOf !== null) return autogradOf(leafAt(kind.gradientOf, given)).gradient ?? x;
  const { storage, shape, dtype, offset, strides } = x;
  const y = kind.isApart ? new Tensor(storage, shape, dtype, offset, strides) : x;
  const state = autogradOf(y);
  if (kind.requiresGrad) state.leafRequiresGrad = true;
  if (kind.inference) state.inference = true;
  return y;
}
