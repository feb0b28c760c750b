/**
 * Methods that make tensors of the dtype of another: PyTorch has no functions of these names, so they are none of the
 * face.
 */
import { composition, K } from '../../arguments/index.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { creationOptions } from './arguments.ts';
import { empty, full, ones, zeros } from './fill.ts';
import { type NestedArray, tensor } from './from-data.ts';
import { emptyStrided } from './layouts.ts';
import type { CreationOptions } from './options.ts';

const takes = { x: K.tensor, size: K.sizeOrSizes, options: creationOptions };

/** The options, with the dtype of x where they name none. */
const after = (x: Tensor, options: CreationOptions): CreationOptions => ({
  ...options,
  dtype: options.dtype ?? x.dtype,
});

const made = (
  name: string,
  make: (size: Shape | number, options?: CreationOptions) => Tensor,
): ((x: Tensor, size: Shape | number, options?: CreationOptions) => Tensor) =>
  composition(name, takes, (x: Tensor, size: Shape | number, options: CreationOptions = {}) =>
    make(size, after(x, options)),
  );

/**
 * Zeros of a size, of the dtype of this tensor unless another is asked for. Follows `Tensor.new_zeros`.
 * @throws ShapeError for what is no size, as of all of these
 */
export const newZeros = /* @__PURE__ */ made('newZeros', zeros);
/** Ones of a size, of the dtype of this tensor unless another is asked for. Follows `Tensor.new_ones`. */
export const newOnes = /* @__PURE__ */ made('newOnes', ones);
/**
 * Memory to write into, of the dtype of this tensor unless another is asked for: {@link empty}. Follows
 * `Tensor.new_empty`.
 */
export const newEmpty = /* @__PURE__ */ made('newEmpty', empty);

/** {@link emptyStrided} of the dtype of this tensor unless another is asked for. Follows `Tensor.new_empty_strided`. */
export const newEmptyStrided = /* @__PURE__ */ composition(
  'newEmptyStrided',
  { x: K.tensor, size: K.sizes, stride: K.sizes, options: creationOptions },
  (x: Tensor, size: Shape, stride: readonly number[], options: CreationOptions = {}): Tensor =>
    emptyStrided(size, stride, after(x, options)),
);

/**
 * A tensor of one number, of the dtype of this tensor unless another is asked for. Follows `Tensor.new_full`.
 * @throws ValueError where the dtype cannot hold the number
 */
export const newFull = /* @__PURE__ */ composition(
  'newFull',
  { x: K.tensor, size: K.sizeOrSizes, value: K.scalar, options: creationOptions },
  (x: Tensor, size: Shape | number, value: number | boolean, options: CreationOptions = {}): Tensor =>
    full(size, value, after(x, options)),
);

/**
 * A tensor of the numbers given, of the dtype of this tensor unless another is asked for. Follows `Tensor.new_tensor`.
 * @throws ValueError where the dtype cannot hold a number
 */
export const newTensor = /* @__PURE__ */ composition(
  'newTensor',
  { x: K.tensor, data: K.anything, options: creationOptions },
  (x: Tensor, data: NestedArray | Tensor, options: CreationOptions = {}): Tensor =>
    tensor(data as NestedArray, after(x, options)),
);

/** The functions of this file that are methods. */
export default { newZeros, newOnes, newEmpty, newEmptyStrided, newFull, newTensor };
