/** The public surface of @kindling/core. */
import './methods.ts';

export * from './arguments/index.ts';
export * as func from './autograd/func.ts';
export * as autograd from './autograd/index.ts';
export * from './checkpoint/index.ts';
export * from './compile/index.ts';
export * as data from './data/index.ts';
export {
  bool,
  canCast,
  type DType,
  dtypes,
  float32,
  float64,
  int32,
  isFloatingPoint,
  promoteTypes,
  type TypedArray,
  uint8,
} from './dtype.ts';
export * from './errors.ts';
export * from './graph/index.ts';
export * as io from './io/index.ts';
export { fromJSON, isTensorJSON, type TensorJSON } from './io/index.ts';
export { E } from './kernels/index.ts';
export { camelCase, snakeCase } from './names.ts';
export * from './ops/index.ts';
export * from './parameters/index.ts';
export * from './print/index.ts';
export * from './programs/index.ts';
export * from './random/index.ts';
export * from './record/foreign/index.ts';
export {
  apply,
  applyInPlace,
  applyMulti,
  applyView,
  composed,
  defineMulti,
  definePrimitive,
  defineView,
  elementsOf,
  valuesOf,
} from './record/foreign/index.ts';
export * from './record/index.ts';
export { formatShape, type Shape, sameShape } from './shape.ts';
export { userFrames } from './stack.ts';
export { Storage } from './storage.ts';
export { type GradHook, Tensor } from './tensor.ts';
export * from './threads.ts';
