/** What the creation functions do with their arguments. */
import { K } from '../../arguments/index.ts';
import { checkDType, type DType, isFloatingPoint, type TypedArray } from '../../dtype.ts';
import { AutogradError, ShapeError } from '../../errors.ts';
import { isInferenceModeEnabled } from '../../record/grad-mode.ts';
import { checkShape, numelOf, type Shape } from '../../shape.ts';
import { allocateArray, TooLarge } from '../../storage.ts';
import { autogradOf, type Tensor } from '../../tensor.ts';
import { type CreationOptions, getDefaultDtype } from './options.ts';

/** What the options of every creation function take. */
export const creationKinds: K.Kinds<CreationOptions> = { dtype: K.dtype, requiresGrad: K.flag };
export const creationOptions = K.options<CreationOptions>(creationKinds);

/** The dtype that is asked for, checked. */
export function dtypeOf(
  options: CreationOptions | undefined,
  caller: string,
  otherwise: DType = getDefaultDtype(),
): DType {
  const dtype = options?.dtype ?? otherwise;
  checkDType(dtype, caller);
  return dtype;
}

/** Memory for the tensor that a creation function makes; where there is not so much, the error says for what. */
export function roomFor(
  shape: Shape,
  dtype: DType,
  caller: string,
  allocate: (dtype: DType, n: number) => TypedArray = allocateArray,
): TypedArray {
  try {
    return allocate(dtype, numelOf(shape));
  } catch (error) {
    throw error instanceof TooLarge ? error.named(caller, shape) : error;
  }
}

/** Applies `requiresGrad` to a tensor that a creation function made. */
export function finishCreation(x: Tensor, options: CreationOptions | undefined, caller: string): Tensor {
  if (isInferenceModeEnabled()) autogradOf(x).inference = true;
  if (options?.requiresGrad !== true) return x;
  if (!isFloatingPoint(x.dtype)) {
    throw new AutogradError(
      `${caller}: Only Tensors of floating point dtype can require gradients, got ${x.dtype}`,
    );
  }
  autogradOf(x).leafRequiresGrad = true;
  return x;
}

/** The sizes that a shape, or a number for one of one dimension, stands for. */
export function sizesOf(shape: Shape | number, caller: string): Shape {
  const sizes = typeof shape === 'number' ? [shape] : shape;
  if (!Array.isArray(sizes)) {
    throw new ShapeError(`${caller}: expected a shape such as [2, 3], got ${typeof shape}`);
  }
  checkShape(sizes, caller);
  return sizes.slice();
}
