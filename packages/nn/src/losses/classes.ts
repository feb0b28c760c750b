import {
  apply,
  type ClassMask,
  type DType,
  DTypeError,
  definePrimitive,
  elementsOf,
  formatShape,
  fusedCrossEntropy,
  IndexError,
  isFloatingPoint,
  maskClasses,
  type Primitive,
  type Shape,
  ShapeError,
  type Tensor,
} from '@kindling/core';
import { placeOf } from '../module/print.ts';

/** What the losses over class indices ask of their inputs, and class indices as masks. */

/** Where the classes of an input (N, C, ...) or (C,) stand. */
export const classDim = (input: Tensor): number => (input.ndim === 1 ? 0 : 1);

/** How many classes an input has. */
export const classCount = (input: Tensor): number => input.shape[classDim(input)] ?? 1;

/** One number for each class in a shape that broadcasts to `input`. */
export const alongClasses = (weight: Tensor, input: Tensor): Tensor =>
  weight.reshape([weight.count, ...input.shape.slice(classDim(input) + 1).map(() => 1)]);

/** The cross-entropy of each row of scores, (N, C) and classes (N). */
export const lossOfEachRow = (caller: string, scores: Tensor, classes: Tensor): Tensor =>
  fusedCrossEntropy(scores, classes, null, {
    dim: 1,
    ignoreIndex: -100,
    labelSmoothing: 0,
    reduction: 'none',
    caller,
  });

/** Whether `shape` is `of` without its dimension `dim`: asked at each step, so nothing is made for it. */
function isWithout(shape: Shape, of: Shape, dim: number): boolean {
  if (shape.length !== of.length - 1) return false;
  for (let d = 0; d < shape.length; d++) if (shape[d] !== of[d < dim ? d : d + 1]) return false;
  return true;
}

/** Refuses targets that are not class indices of the right shape for `input`. */
export function requireClassTarget(caller: string, input: Tensor, target: Tensor): void {
  if (input.ndim === 0) {
    throw new ShapeError(`${caller}: expected an input of shape (C,), (N, C) or (N, C, d1, ...), got []`);
  }
  if (!isWithout(target.shape, input.shape, classDim(input))) {
    const expected = input.shape.toSpliced(classDim(input), 1);
    const n = input.shape[0];
    const batch =
      input.ndim > 1 && target.ndim > 0 && target.shape[0] !== n
        ? ` (Expected input batch_size (${n}) to match target batch_size (${target.shape[0]}).)`
        : '';
    throw new ShapeError(
      `${caller}: Expected target size ${formatShape(expected)}, got ${formatShape(target.shape)}${batch}. An input of shape ` +
        `${formatShape(input.shape)} has its classes along dim ${classDim(input)}; the target has a class index for each of ` +
        'the other elements',
    );
  }
  requireClassDType(caller, target);
}

/** Refuses class indices that are floats or bools. */
export function requireClassDType(caller: string, target: Tensor): void {
  if (target.dtype === 'int32' || target.dtype === 'uint8') return;
  throw new DTypeError(
    `${caller}: expected target dtype to be int32 (PyTorch's Long) or uint8 (Byte), but got ${target.dtype}; class ` +
      "indices are integers: target.to('int32')",
  );
}

/** Refuses class weights that are not one for each class. */
export function requireClassWeight(caller: string, input: Tensor, weight: Tensor | null): void {
  if (weight === null) return;
  const classes = classCount(input);
  if (weight.ndim !== 1 || weight.shape[0] !== classes) {
    throw new ShapeError(
      `${caller}: weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of ` +
        `shape: ${formatShape(weight.shape)}`,
    );
  }
  if (!isFloatingPoint(weight.dtype)) {
    throw new DTypeError(`${caller}: expected class weights of a floating point dtype, got ${weight.dtype}`);
  }
}

/**
 * Refuses class weights of another dtype than the input's, which is a float: classes are looked up in weights of one
 * dtype.
 */
export function requireWeightDType(caller: string, input: Tensor, weight: Tensor | null): void {
  if (weight === null || weight.dtype === input.dtype) return;
  throw new DTypeError(
    `${caller}: expected weight of the input's dtype ${input.dtype}, got ${weight.dtype}; weight.to('${input.dtype}') makes it so`,
  );
}

/** Refuses inputs that are no floats. */
export function requireFloating(caller: string, input: Tensor): void {
  // Asked at each step: the check that core's `floatsOnly` makes, without making it anew.
  if (isFloatingPoint(input.dtype)) return;
  throw new DTypeError(
    `${caller}: expected a floating point input, got ${input.dtype}; convert with x.to('float32')`,
  );
}

interface MaskAttributes extends ClassMask {
  readonly dtype: DType;
  readonly caller: string;
}

const classMask: Primitive<MaskAttributes> = definePrimitive({
  name: 'class_mask',
  saves: 0,
  infer: ([target], { classes, dim, dtype }) => ({ shape: target.shape.toSpliced(dim, 0, classes), dtype }),
  kernel([target], { classes, dim, ignoreIndex, caller }, out) {
    const bad = maskClasses(target, { classes, dim, ignoreIndex }, out);
    if (bad < 0) return;
    throw new IndexError(
      `${caller}: Target ${elementsOf(target)[bad]} is out of bounds: at position ${placeOf(bad, target.shape)}, where the input ` +
        `has ${classes} classes; expected 0 to ${classes - 1}` +
        (ignoreIndex === null ? '' : `, or ignoreIndex (${ignoreIndex}) to leave the element out`),
    );
  },
});

/**
 * Class indices as 0 and 1 in the shape and dtype of `input`, whose classes lie along dim 1; an `ignoreIndex` that is
 * no class is 0 throughout.
 * @throws ShapeError, DTypeError for what are no class indices of `input`, IndexError for a class that there is not
 */
export function oneHotTarget(
  caller: string,
  input: Tensor,
  target: Tensor,
  ignoreIndex: number | null,
): Tensor {
  requireClassTarget(caller, input, target);
  const { dtype } = input;
  const [classes, dim] = [classCount(input), classDim(input)];
  return apply(classMask, [target], { classes, dim, ignoreIndex, dtype, caller });
}
