import type { Tensor } from '@kindling/core';
import {
  type AlphaInplaceOptions,
  celu,
  elu,
  type HardtanhOptions,
  hardtanh,
  type LeakyReluOptions,
  leakyRelu,
  type RreluOptions,
  relu,
  rrelu,
  selu,
  threshold,
} from './rectifiers.ts';

/** {@link relu} over its input. Follows `torch.nn.functional.relu_`. */
export const relu_ = (x: Tensor): Tensor => relu(x, { inplace: true });

/** {@link leakyRelu} over its input. Follows `torch.nn.functional.leaky_relu_`. */
export const leakyRelu_ = (x: Tensor, options: LeakyReluOptions = {}): Tensor =>
  leakyRelu(x, { ...options, inplace: true });

/** {@link rrelu} over its input. Follows `torch.nn.functional.rrelu_`. */
export const rrelu_ = (x: Tensor, options: RreluOptions = {}): Tensor =>
  rrelu(x, { ...options, inplace: true });

/** {@link elu} over its input. Follows `torch.nn.functional.elu_`. */
export const elu_ = (x: Tensor, options: AlphaInplaceOptions = {}): Tensor =>
  elu(x, { ...options, inplace: true });

/** {@link celu} over its input. Follows `torch.nn.functional.celu_`. */
export const celu_ = (x: Tensor, options: AlphaInplaceOptions = {}): Tensor =>
  celu(x, { ...options, inplace: true });

/** {@link selu} over its input. Follows `torch.nn.functional.selu_`. */
export const selu_ = (x: Tensor): Tensor => selu(x, { inplace: true });

/** {@link hardtanh} over its input. Follows `torch.nn.functional.hardtanh_`. */
export const hardtanh_ = (x: Tensor, options: HardtanhOptions = {}): Tensor =>
  hardtanh(x, { ...options, inplace: true });

/** {@link threshold} over its input. Follows `torch.nn.functional.threshold_`. */
export const threshold_ = (x: Tensor, limit: number, value: number): Tensor =>
  threshold(x, limit, value, { inplace: true });
