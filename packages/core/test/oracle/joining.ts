/** The rows of the table for what joins, splits, places, searches and compares. */
import { Tensor } from '@kindling/core';
import type { Makers } from './more-operations.ts';
import { parseSignature } from './signature.ts';
import type { Bound, Operation } from './table.ts';

const asFactors = (bound: Bound): Bound =>
  new Map([...bound].map(([k, v]) => [k, typeof v === 'boolean' ? Number(v) : v]));

const asNumber = (value: unknown): unknown =>
  value instanceof Tensor && value.ndim === 0 ? value.item() : value;

/** Kindling takes numbers where PyTorch takes tensors of one element as well. */
const numbers =
  (...names: readonly string[]) =>
  (bound: Bound): Bound =>
    new Map([...bound].map(([k, v]) => [k, names.includes(k) ? asNumber(v) : v]));

/** What of PyTorch's options has no counterpart: the type of indices, which is int32 here, and how a result is found. */
const without =
  (...names: readonly string[]) =>
  (bound: Bound): Bound =>
    new Map([...bound].filter(([k]) => !names.includes(k)));

/** Tensors that PyTorch takes one by one. */
const several = 'a b c d e';
const asList = (bound: Bound): Bound => {
  const { indexing, ...tensors } = Object.fromEntries(bound);
  return new Map<string, unknown>([
    ['tensors', Object.values(tensors)],
    ...(indexing === undefined ? [] : [['indexing', indexing] as const]),
  ]);
};

/** `x.sum_to_size(2, 3)` as well as `x.sum_to_size([2, 3])`. */
const sizesAsList = (bound: Bound): Bound => {
  const { input, ...sizes } = Object.fromEntries(bound);
  return new Map([
    ['input', input],
    ['size', Object.values(sizes).flat()],
  ]);
};

export function joiningOperations({
  op,
  spelled,
}: Pick<Makers, 'op' | 'spelled'>): Record<string, Operation> {
  const apart = { receiver: -1 } as const;
  return {
    addbmm: op('input batch1 batch2 | beta alpha', { contraction: true, adapt: asFactors }),
    ...spelled('vdot inner', 'input other', { contraction: true }),
    ...spelled('column_stack hstack vstack dstack', 'tensors', apart),
    ...spelled('block_diag cartesian_prod broadcast_tensors', several, apart),
    ...spelled('atleast_1d atleast_2d atleast_3d ravel fliplr flipud', 'input', apart),
    'meshgrid[variadic_tensors]': op('tensors | indexing', {
      ...apart,
      accepts: parseSignature(`${several} | indexing`),
      adapt: asList,
    }),
    'meshgrid[list_of_tensors]': op('tensors | indexing', apart),
    tensor_split: op('input indices_or_sections dim'),
    ...spelled('hsplit vsplit dsplit', 'input indices_or_sections'),
    rot90: op('input k dims', apart),
    diag: op('input diagonal'),
    diag_embed: op('input | offset dim1 dim2'),
    diagonal_scatter: op('input src | offset dim1 dim2'),
    select_scatter: op('input src dim index'),
    slice_scatter: op('input src dim | start end step'),
    as_strided: op('input size stride | storage_offset', { ofMemory: true }),
    sum_to_size: op('input size', { accepts: parseSignature('input a b c'), adapt: sizesAsList }),
    ...spelled('trace argwhere', 'input', apart),
    mode: op('input dim | keepdim'),
    unique: op('input | sorted return_inverse return_counts dim'),
    unique_consecutive: op('input | return_inverse return_counts dim'),
    bincount: op('input | weights minlength'),
    bucketize: op('input boundaries | right', {
      ...apart,
      accepts: parseSignature('input boundaries | right out_int32'),
      adapt: without('out_int32'),
    }),
    searchsorted: op('sorted_sequence input | right side sorter', {
      ...apart,
      accepts: parseSignature('sorted_sequence input | right side sorter out_int32'),
      adapt: without('out_int32'),
    }),
    put: op('input index source | accumulate'),
    ...spelled('H mH', 'input', { methodOnly: true }),
    ...spelled('tril_indices triu_indices', 'row col | offset', {
      ...apart,
      accepts: parseSignature('row col offset | dtype'),
      adapt: without('dtype'),
    }),
    ...spelled('bool byte double float int long', 'input', { methodOnly: true }),

    ...spelled('positive isposinf isneginf signbit bitwise_not', 'input', apart),
    ...spelled('copysign heaviside logaddexp2 bitwise_and bitwise_or bitwise_xor', 'input other'),
    ...spelled('allclose', 'input other | rtol atol equal_nan'),
    equal: op('input other'),
    cdist: op('x1 x2 | p', {
      accepts: parseSignature('x1 x2 p compute_mode'),
      receiver: -1,
      contraction: true,
      adapt: without('compute_mode'),
    }),
    cross: op('input other | dim'),
    'linalg.cross': op('input other | dim', apart),
    diff: op('input | n dim prepend append'),
    dist: op('input other | p'),
    'linalg.matrix_norm': op('input ord dim | keepdim dtype', apart),
    ...spelled('quantile nanquantile', 'input q dim | keepdim interpolation', { adapt: numbers('q') }),
    logit: op('input | eps'),
    scatter_reduce: op('input dim index src reduce | include_self'),
  };
}
