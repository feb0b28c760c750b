/** How each operation is written in ONNX: tables by PyTorch's names, a file a family. */
import { arranging } from './arranging.ts';
import { attention } from './attention.ts';
import { indexing } from './indexing.ts';
import type { Lowerings } from './lowering.ts';
import { normalization } from './normalization.ts';
import { pooling } from './pooling.ts';
import { products } from './products.ts';
import { recurrent } from './recurrent.ts';
import { reductions } from './reductions.ts';
import { taps } from './taps.ts';
import { views } from './views.ts';
import { windows } from './windows.ts';

export { activations, hasNode } from './activations.ts';
export { NotInOnnx } from './lowering.ts';

/** All but what is elementwise. */
export const lowerings: Lowerings = {
  ...arranging,
  ...attention,
  ...recurrent,
  ...indexing,
  ...normalization,
  ...pooling,
  ...products,
  ...reductions,
  ...taps,
  ...views,
  ...windows,
};
