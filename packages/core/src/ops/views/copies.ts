/** The views of this folder as copies: for programs that PyTorch writes without views. Gradients flow through. */
import { alias, composition, K } from '../../arguments/index.ts';
import { composed } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { clone } from '../creation/copy.ts';
import { diagonal } from './diagonal.ts';
import { permute, t, transpose } from './permute.ts';
import { expand, squeeze, unsqueeze, view } from './shape.ts';
import { narrow, unbind } from './slices.ts';
import { chunk, split, splitWithSizes } from './split.ts';
import { asStrided, unfold } from './windows.ts';

/** A copy of a view, whose node PyTorch names after the view's: `<SqueezeBackward1_copy>`. */
function copyOf(view: Tensor, node = `${view.gradFn?.name}_copy`): Tensor {
  return composed(node, clone(view));
}

const copied = <A extends unknown[]>(
  name: string,
  f: (x: Tensor, ...args: A) => Tensor,
  node?: string,
): ((x: Tensor, ...args: A) => Tensor) => alias(name, (x: Tensor, ...args: A) => copyOf(f(x, ...args), node));

const allCopied = <A extends unknown[]>(
  name: string,
  f: (x: Tensor, ...args: A) => Tensor[],
): ((x: Tensor, ...args: A) => Tensor[]) =>
  alias(name, (x: Tensor, ...args: A) => f(x, ...args).map((part) => copyOf(part)));

const unsafe = <A extends unknown[]>(
  name: string,
  f: (x: Tensor, ...args: A) => Tensor[],
): ((x: Tensor, ...args: A) => Tensor[]) =>
  alias(name, (x: Tensor, ...args: A) => f(x, ...args).map((part) => composed('unsafe_split', part, x)));

/** A copy of x. Follows `torch.alias_copy`. */
export const aliasCopy = /* @__PURE__ */ composition(
  'aliasCopy',
  { x: K.tensor },
  (x: Tensor): Tensor => copyOf(x, 'AliasBackward0_copy'),
);
/** {@link narrow} as a copy, with its errors, as are all these. Follows `torch.narrow_copy`. */
export const narrowCopy = /* @__PURE__ */ copied('narrowCopy', narrow, 'narrow_copy');
/** {@link asStrided} as a copy. Follows `torch.as_strided_copy`. */
export const asStridedCopy = /* @__PURE__ */ copied('asStridedCopy', asStrided);
/** {@link diagonal} as a copy. Follows `torch.diagonal_copy`. */
export const diagonalCopy = /* @__PURE__ */ copied('diagonalCopy', diagonal);
/** {@link expand} as a copy. Follows `torch.expand_copy`. */
export const expandCopy = /* @__PURE__ */ copied('expandCopy', expand);
/** {@link permute} as a copy. Follows `torch.permute_copy`. */
export const permuteCopy = /* @__PURE__ */ copied('permuteCopy', permute);
/** {@link squeeze} as a copy. Follows `torch.squeeze_copy`. */
export const squeezeCopy = /* @__PURE__ */ copied('squeezeCopy', squeeze);
/** {@link t} as a copy. Follows `torch.t_copy`. */
export const tCopy = /* @__PURE__ */ copied('tCopy', t);
/** {@link transpose} as a copy. Follows `torch.transpose_copy`. */
export const transposeCopy = /* @__PURE__ */ copied('transposeCopy', transpose);
/** {@link unfold} as a copy. Follows `torch.unfold_copy`. */
export const unfoldCopy = /* @__PURE__ */ copied('unfoldCopy', unfold);
/** {@link unsqueeze} as a copy. Follows `torch.unsqueeze_copy`. */
export const unsqueezeCopy = /* @__PURE__ */ copied('unsqueezeCopy', unsqueeze);
/** {@link view} as a copy. Follows `torch.view_copy`. */
export const viewCopy = /* @__PURE__ */ copied('viewCopy', view);
/** {@link splitWithSizes} as copies. Follows `torch.split_with_sizes_copy`. */
export const splitWithSizesCopy = /* @__PURE__ */ allCopied('splitWithSizesCopy', splitWithSizes);
/** {@link unbind} as copies. Follows `torch.unbind_copy`. */
export const unbindCopy = /* @__PURE__ */ allCopied('unbindCopy', unbind);
/** {@link chunk}; its parts may be overwritten here as there. Follows `torch.unsafe_chunk`. */
export const unsafeChunk = /* @__PURE__ */ unsafe('unsafeChunk', chunk);
/** {@link split}; its parts may be overwritten here as there. Follows `torch.unsafe_split`. */
export const unsafeSplit = /* @__PURE__ */ unsafe('unsafeSplit', split);

/** The functions of this file that are methods too. */
export default { narrowCopy, unsafeChunk, unsafeSplit };
