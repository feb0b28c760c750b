import * as V from '../ops/creation/convert.ts';
import { clone, contiguous, copyInPlace, detach, to } from '../ops/creation/copy.ts';
import { fillInPlace, zeroInPlace } from '../ops/creation/fill.ts';
import * as R from '../ops/random/draws.ts';
import type { Tensor } from '../tensor.ts';

const memory = {
  clone,
  contiguous,
  detach,
  to,
  copy_: copyInPlace,
  float: (x: Tensor): Tensor => to(x, 'float32'),
  double: (x: Tensor): Tensor => to(x, 'float64'),
  int: (x: Tensor): Tensor => to(x, 'int32'),
  long: (x: Tensor): Tensor => to(x, 'int32'),
  byte: (x: Tensor): Tensor => to(x, 'uint8'),
  bool: (x: Tensor): Tensor => to(x, 'bool'),
  typeAs: (x: Tensor, other: Tensor): Tensor => to(x, other.dtype),
  fill_: fillInPlace,
  zero_: zeroInPlace,
  item: V.item,
  toArray: V.toArray,
  tolist: V.toArray,
  numel: V.numel,
  dim: V.dim,
  size: V.size,
  stride: V.stride,
  isContiguous: V.isContiguous,
  isFloatingPoint: V.isFloatingPoint,
  elementSize: V.elementSize,
};

const draws = {
  uniform_: R.uniformInPlace,
  normal_: R.normalInPlace,
  bernoulli_: R.bernoulliInPlace,
  random_: R.randomInPlace,
  exponential_: R.exponentialInPlace,
  logNormal_: R.logNormalInPlace,
  cauchy_: R.cauchyInPlace,
  geometric_: R.geometricInPlace,
  bernoulli: R.bernoulli,
  multinomial: R.multinomial,
};

/** Copies, conversions, questions about the tensor, and random draws as methods. */
export const contents = { ...memory, ...draws };
