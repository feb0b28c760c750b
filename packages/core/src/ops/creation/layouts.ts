/** Memory to write into whose elements lie in another order. */
import { composition, K } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { checkShape, formatShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { permute } from '../views/permute.ts';
import { asStrided } from '../views/windows.ts';
import { creationOptions, dtypeOf, finishCreation } from './arguments.ts';
import { empty } from './fill.ts';
import type { CreationOptions } from './options.ts';

/**
 * Memory to write into whose elements lie by `stride`: {@link empty} otherwise. Follows `torch.empty_strided`.
 * @throws ShapeError unless there are as many strides as sizes, none negative
 * @example emptyStrided([2, 3], [1, 2]).strides; // [ 1, 2 ]
 */
export const emptyStrided = /* @__PURE__ */ composition(
  'emptyStrided',
  { size: K.sizes, stride: K.sizes, options: creationOptions },
  (size: Shape, stride: readonly number[], options: CreationOptions = {}): Tensor => {
    checkShape(size, 'emptyStrided');
    if (size.length !== stride.length || stride.some((s) => s < 0))
      throw new ShapeError(
        `expected as many non-negative strides as sizes, got size ${formatShape(size)}, stride ${formatShape(stride)}`,
      );
    const reach = size.includes(0) ? 0 : size.reduce((sum, n, d) => sum + (n - 1) * (stride[d] ?? 0), 1);
    const { dtype = dtypeOf(options, 'emptyStrided') } = options;
    return finishCreation(asStrided(empty(reach, { dtype }), size, stride), options, 'emptyStrided');
  },
);

/**
 * Memory to write into whose dimensions lie in the order of `physicalLayout`, the outermost first: {@link empty}
 * otherwise. Follows `torch.empty_permuted`.
 * @throws ShapeError unless the layout names each dimension once
 * @example emptyPermuted([2, 3], [1, 0]).strides; // [ 1, 2 ]
 */
export const emptyPermuted = /* @__PURE__ */ composition(
  'emptyPermuted',
  { size: K.sizes, physicalLayout: K.sizes, options: creationOptions },
  (size: Shape, physicalLayout: readonly number[], options: CreationOptions = {}): Tensor => {
    const { dtype = dtypeOf(options, 'emptyPermuted') } = options;
    const order = size.map((_, d) => physicalLayout.indexOf(d));
    if (physicalLayout.length !== size.length || order.includes(-1))
      throw new ShapeError(
        `expected a layout that names each of ${size.length} dimensions once, got ${formatShape(physicalLayout)}`,
      );
    const memory = empty(
      physicalLayout.map((d) => size[d] ?? 0),
      { dtype },
    );
    return finishCreation(permute(memory, order), options, 'emptyPermuted');
  },
);
