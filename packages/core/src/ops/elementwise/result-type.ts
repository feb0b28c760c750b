import { K, signature } from '../../arguments/index.ts';
import { categoryOf, type DType, promoteScalar, promoteTypes } from '../../dtype.ts';
import type { Tensor } from '../../tensor.ts';

const resultTypeTakes = signature('resultType', {
  tensors: K.tensors,
  scalars: K.optional(K.listOf(K.number)),
});

/**
 * The dtype in which tensors and scalars meet (PyTorch's `torch.result_type`): tensors with dimensions decide; a
 * 0-dimensional tensor, and after it a scalar, changes the dtype only where its category (bool, integer, float) is
 * higher.
 * @example resultType([ones(2, { dtype: 'int32' })], [0.5]); // 'float32'
 */
export function resultType(tensors: readonly Tensor[], scalars: readonly number[] = []): DType {
  resultTypeTakes(arguments);
  return meetingDType(tensors, scalars);
}

/** {@link resultType} for operations, which know their inputs. */
export function meetingDType(tensors: readonly Tensor[], scalars: readonly number[] = []): DType {
  if (scalars.length === 0 && tensors.length > 0) {
    // What most calls are given, and every call is asked of twice.
    const { dtype } = tensors[0] as Tensor;
    let alike = true;
    for (let i = 1; i < tensors.length; i++) if ((tensors[i] as Tensor).dtype !== dtype) alike = false;
    if (alike) return dtype;
  }
  let result: DType | null = null;
  let zeroDim: DType | null = null;
  for (const { dtype, shape } of tensors) {
    if (shape.length === 0) zeroDim = zeroDim === null ? dtype : promoteTypes(zeroDim, dtype);
    else result = result === null || result === dtype ? dtype : promoteTypes(result, dtype);
  }
  if (result === null) result = zeroDim ?? 'bool';
  else if (zeroDim !== null && categoryOf(zeroDim) > categoryOf(result)) result = zeroDim;
  for (const scalar of scalars) result = promoteScalar(result, scalar);
  return result;
}
