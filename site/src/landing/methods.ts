/**
 * The methods of Tensor that the program of the landing page reaches, itself and within the library. In its worker they
 * stand for `methods.ts` of core, so that it does not bring what nobody calls there; what is edited runs on the whole
 * library.
 */
import { requiresGrad_ } from '../../../packages/core/src/autograd/hooks.ts';
import { installMethods } from '../../../packages/core/src/install.ts';
import { backward, dim, item, numel, size, toArray } from '../../../packages/core/src/members.ts';
import {
  clone,
  copy_,
  detach,
  div,
  expand,
  flatten,
  mean,
  mul,
  reshape,
  select,
  sigmoid,
  sum,
  to,
  uniform_,
  zero_,
} from '../../../packages/core/src/ops/index.ts';

const ofLibrary = { clone, copy_, detach, div, expand, mean, mul, requiresGrad_, sum, to, uniform_, zero_ };
installMethods([ofLibrary, { flatten, reshape, select, sigmoid }], {
  backward,
  dim,
  item,
  numel,
  size,
  toArray,
});
