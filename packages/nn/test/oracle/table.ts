/** Which call of `functional` stands for which PyTorch operation; see core's table for how to read it. */

import { parseSignature } from '../../../core/test/oracle/signature.ts';
import { table as core, type Operation } from '../../../core/test/oracle/table.ts';

const op = (signature: string, extras: Omit<Operation, 'signature'> = {}): Operation => ({
  signature: parseSignature(signature),
  receiver: -1,
  ...extras,
});

const spelled = (names: string, ...given: Parameters<typeof op>): Record<string, Operation> =>
  Object.fromEntries(names.split(' ').map((name) => [name, op(...given)]));

/** PyTorch's derivative of hardsigmoid holds 1/6 in single precision, whatever the dtype. */
const singleSixth = [1000, 'its derivative holds 1/6 in float32'] as const;

/** Modules whose tolerance is multiplied. */
export const looseModules: Readonly<Record<string, readonly [number, string]>> = {
  'nn.Hardsigmoid': singleSixth,
};

const functional: Readonly<Record<string, Operation>> = {
  ...spelled('relu selu silu mish hardswish softsign', 'input'),
  ...spelled('relu6 tanhshrink', 'input', { eitherZero: true }),
  hardsigmoid: op('input', { loose: singleSixth }),
  leaky_relu: op('input | negative_slope'),
  prelu: op('input weight'),
  ...spelled('elu celu', 'input | alpha'),
  gelu: op('input | approximate', { eitherZero: true }),
  hardtanh: op('input | min_val max_val'),
  hardshrink: op('input | lambd'),
  softshrink: op('input | lambd', { eitherZero: true }),
  softplus: op('input | beta threshold'),
  logsigmoid: op('input', { name: 'logSigmoid' }),
  threshold: op('input threshold value'),
  glu: op('input dim'),
  softmin: op('input dim | dtype'),
  linear: op('input weight bias', { contraction: true }),
  bilinear: op('input1 input2 weight bias', { contraction: true }),
  embedding: op('input weight | padding_idx max_norm norm_type scale_grad_by_freq sparse'),
  embedding_bag: op(
    'input weight | offsets max_norm norm_type scale_grad_by_freq mode sparse per_sample_weights include_last_offset padding_idx',
  ),
  layer_norm: op('input normalized_shape | weight bias eps'),
  batch_norm: op('input running_mean running_var | weight bias training momentum eps'),
  normalize: op('input | p dim eps', { extra: true }),
  cosine_similarity: op('x1 x2 dim | eps', { extra: true }),
  group_norm: op('input num_groups | weight bias eps'),
  instance_norm: op('input | running_mean running_var weight bias use_input_stats momentum eps'),
  rms_norm: op('input normalized_shape | weight eps'),
  local_response_norm: op('input size | alpha beta k'),
  interpolate: op('input | size scale_factor mode align_corners recompute_scale_factor antialias', {
    contraction: true,
  }),
  grid_sample: op('input grid | mode padding_mode align_corners', { extra: true }),
  pixel_shuffle: op('input upscale_factor'),
  pixel_unshuffle: op('input downscale_factor'),
  channel_shuffle: op('input groups'),
  scaled_dot_product_attention: op('query key value | attn_mask dropout_p is_causal scale enable_gqa', {
    contraction: true,
  }),
  ...Object.fromEntries(
    [1, 2, 3].flatMap((n) => [
      [`max_pool${n}d`, op('input kernel_size | stride padding dilation ceil_mode return_indices')],
      [
        `avg_pool${n}d`,
        op('input kernel_size | stride padding ceil_mode count_include_pad divisor_override'),
      ],
      [`adaptive_max_pool${n}d`, op('input output_size | return_indices')],
      [`adaptive_avg_pool${n}d`, op('input output_size')],
      [
        `fractional_max_pool${n}d`,
        op('input kernel_size | output_size output_ratio return_indices _random_samples'),
      ],
      [`max_unpool${n}d`, op('input indices kernel_size | stride padding output_size')],
    ]),
  ),
  pairwise_distance: op('x1 x2 | p eps keepdim', { extra: true }),
};

/** Functions of nn.functional; those that PyTorch has at the top level too have core's signature. */
export function functionalOperation(name: string, variant: string): Operation | undefined {
  const own = functional[name.replace(/^nn\.functional\./, '')];
  if (own) return own;
  const shared = core[`${name}[${variant}]`] ?? core[name];
  return shared && { ...shared, receiver: -1, inPlace: false };
}
