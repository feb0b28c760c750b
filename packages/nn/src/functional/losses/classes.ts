import { DTypeError, formatShape, isFloatingPoint, ShapeError, sameShape, type Tensor } from '@kindling/core';

/** What the losses over class indices ask of their inputs. */

/** Where the classes of an input (N, C, ...) or (C,) stand. */
export const classDim = (input: Tensor): number => (input.ndim === 1 ? 0 : 1);

/** The shape of class indices for an input (N, C, d1, ...) or (C,). */
export const classTargetShape = (input: Tensor): number[] =>
  input.shape.filter((_, d) => d !== classDim(input));

/** Refuses targets that are not class indices of the right shape for `input`. */
export function requireClassTarget(caller: string, input: Tensor, target: Tensor): void {
  if (input.ndim === 0) {
    throw new ShapeError(`${caller}: expected an input of shape (C,), (N, C) or (N, C, d1, ...), got []`);
  }
  const expected = classTargetShape(input);
  if (!sameShape(target.shape, expected)) {
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
export function requireClassWeight(caller: string, classes: number, weight: Tensor | null): void {
  if (weight === null) return;
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

/** Refuses inputs that are no floats. */
export function requireFloating(caller: string, input: Tensor): void {
  if (isFloatingPoint(input.dtype)) return;
  throw new DTypeError(
    `${caller}: expected a floating point input, got ${input.dtype}; convert with x.to('float32')`,
  );
}
