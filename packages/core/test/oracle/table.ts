/**
 * Which Kindling call stands for which PyTorch operation.
 *
 * A signature lists PyTorch's parameters in PyTorch's order; those after `|` are Kindling's options. The name in
 * Kindling is PyTorch's in camelCase unless `name` says otherwise.
 */

import { joiningOperations } from './joining.ts';
import { linearAlgebra, linearAlgebraNotSupported } from './linear-algebra.ts';
import { moreNotSupported, moreOperations } from './more-operations.ts';
import { parseSignature, type Signature } from './signature.ts';

export type Bound = Map<string, unknown>;

export interface Operation {
  readonly signature: Signature;
  /** PyTorch's parameters, where `adapt` makes Kindling's of them. */
  readonly accepts?: Signature;
  readonly name?: string;
  /** Adjusts the arguments, by name, where Kindling's form differs from PyTorch's. */
  readonly adapt?: (bound: Bound) => Bound;
  /** Parameters of which the elements are passed one by one, as the last positional arguments. */
  readonly spread?: boolean;
  /** What of the result is compared, where PyTorch's fixture holds a part of it. */
  readonly result?: (result: unknown) => unknown;
  /** The receiver of the method form stands here among the positional arguments; -1: there is no method form. */
  readonly receiver?: number;
  /** The in-place form (with a trailing underscore) must exist; where it exists it is checked anyway. */
  readonly inPlace?: boolean;
  /** Multiplies the tolerances, for the reason given. */
  readonly loose?: readonly [factor: number, reason: string];
  /** PyTorch's own scalar and vector paths give zeros of different signs. */
  readonly eitherZero?: boolean;
  /** Sums of products: an error is measured against the largest result as well, for terms may cancel. */
  readonly contraction?: boolean;
  /** PyTorch has it as a method or property of tensors alone. */
  readonly methodOnly?: boolean;
  /** It reads the memory of its input by strides: only a layout of its own fits. */
  readonly ofMemory?: boolean;
  /** It asks for a memory layout, so the transposed one is an error. */
  readonly ofLayout?: boolean;
  /** Not promised: checked where it exists. */
  readonly extra?: boolean;
}

type Extras = Omit<Operation, 'signature'>;

const op = (signature: string, extras: Extras = {}): Operation => ({
  signature: parseSignature(signature),
  ...extras,
});

const spelled = (names: string, signature: string, extras: Extras = {}): Record<string, Operation> =>
  Object.fromEntries(names.split(' ').map((name) => [name, op(signature, extras)]));

const renamed = (from: string, to: string) => (bound: Bound) => {
  const out: Bound = new Map(bound);
  if (out.has(from)) {
    out.set(to, out.get(from));
    out.delete(from);
  }
  return out;
};

/** Python's reflected operators: `2 - x` is x.__rsub__(2). */
const reflected = (name: string): Operation =>
  op('other input', {
    name,
    receiver: -1,
    adapt: (b) => new Map([...b].map(([k, v]) => [k === 'input' ? 'other' : 'input', v])),
  });

/** `unbiased` is the older word for `correction`; None is the default, 1. */
const correction = (bound: Bound): Bound => {
  const out = renamed('unbiased', 'correction')(bound);
  const value = out.get('correction');
  if (typeof value === 'boolean') out.set('correction', Number(value));
  return out;
};

/** Python's True is the number 1 where a number is asked for. */
const numeric = (bound: Bound): Bound =>
  new Map([...bound].map(([k, v]) => [k, typeof v === 'boolean' ? Number(v) : v]));

/** Python's True is 1 as a factor. */
const numericAlpha = (bound: Bound): Bound =>
  bound.has('alpha') ? new Map(bound).set('alpha', Number(bound.get('alpha'))) : bound;

const unaryInPlace =
  'abs neg square sqrt rsqrt exp log sin cos tanh sigmoid floor ceil round trunc reciprocal erf expm1 log1p'.split(
    ' ',
  );

const unary = Object.fromEntries(
  (
    'abs neg sign square sqrt rsqrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh ' +
    'asinh acosh atanh sigmoid erf erfc erfinv lgamma digamma floor ceil trunc frac reciprocal isnan isinf isfinite'
  )
    .split(' ')
    .map((name) => [name, op('input', { inPlace: unaryInPlace.includes(name) })]),
);

const convolution = (options: string, name?: string): Operation =>
  op(`input weight bias | ${options}`, { receiver: -1, contraction: true, ...(name && { name }) });

export const table: Readonly<Record<string, Operation>> = {
  ...moreOperations({ op, spelled, reflected, correction }),
  ...joiningOperations({ op, spelled }),
  ...linearAlgebra({ op, spelled }),
  ...unary,
  digamma: op('input', { loose: [20, "PyTorch's trigamma, its derivative, is good to 1e-9 only"] }),
  round: op('input | decimals', { inPlace: true }),
  nan_to_num: op('input | nan posinf neginf'),
  logical_not: op('input'),

  ...spelled('add sub', 'input other | alpha', { inPlace: true, adapt: numericAlpha }),
  rsub: op('input other | alpha', { extra: true, adapt: numericAlpha }),
  mul: op('input other', { inPlace: true }),
  div: op('input other | rounding_mode', { inPlace: true }),
  true_divide: op('input other', { name: 'div' }),
  floor_divide: op('input other', { extra: true }),
  ...spelled('pow', 'input exponent'),
  ...spelled('fmod remainder atan2 hypot logaddexp xlogy', 'input other'),
  ...spelled('maximum minimum fmax fmin', 'input other', { eitherZero: true }),
  ...spelled('eq ne lt le gt ge logical_and logical_or logical_xor', 'input other'),
  ...Object.fromEntries(['add', 'sub', 'mul', 'div', 'pow'].map((name) => [`__r${name}__`, reflected(name)])),
  __rmod__: reflected('remainder'),
  clamp: op('input | min max', { inPlace: true }),
  clamp_min: op('input min', { extra: true }),
  clamp_max: op('input max', { extra: true }),
  lerp: op('input end weight', { inPlace: true }),
  where: op('condition input other', { receiver: 1 }),
  addcmul: op('input tensor1 tensor2 | value', { inPlace: true }),
  addcdiv: op('input tensor1 tensor2 | value', { inPlace: true }),
  'max[binary]': op('input other', { name: 'maximum' }),
  'min[binary]': op('input other', { name: 'minimum' }),
  isclose: op('input other | rtol atol equal_nan', { extra: true }),

  ...spelled('sum mean nansum nanmean prod', 'input dim | keepdim dtype'),
  ...spelled('var std var_mean std_mean', 'input dim | correction keepdim', {
    accepts: parseSignature('input dim unbiased keepdim correction'),
    adapt: correction,
  }),
  ...spelled('var[unbiased] std[unbiased] var_mean[unbiased] std_mean[unbiased]', 'input dim | correction', {
    accepts: parseSignature('input unbiased'),
    adapt: correction,
  }),
  ...spelled('max min amax amin argmax argmin all any logsumexp median nanmedian', 'input dim | keepdim'),
  aminmax: op('input | dim keepdim', { extra: true }),
  norm: op('input p dim | keepdim dtype'),
  'linalg.norm': op('input ord dim | keepdim dtype', { receiver: -1 }),
  'linalg.vector_norm': op('input ord dim | keepdim dtype', { receiver: -1, extra: true }),
  count_nonzero: op('input dim', { extra: true }),
  ...spelled('cumsum cumprod', 'input dim | dtype'),
  ...spelled('cummax cummin logcumsumexp', 'input dim', { extra: true }),
  ...spelled('softmax log_softmax', 'input dim | dtype'),

  ...spelled('matmul mm bmm mv dot outer', 'input other', { contraction: true }),
  __rmatmul__: { ...reflected('matmul'), contraction: true },
  addmm: op('input mat1 mat2 | beta alpha', { contraction: true }),
  addmv: op('input mat vec | beta alpha', { contraction: true, extra: true }),
  baddbmm: op('input batch1 batch2 | beta alpha', { contraction: true }),
  einsum: op('equation operands', { spread: true, receiver: -1, contraction: true }),
  tensordot: op('input other | dims', { receiver: -1, contraction: true }),

  reshape: op('input shape'),
  view: op('input shape', { ofLayout: true }),
  ...spelled('reshape_as expand_as', 'input other', { extra: true }),
  view_as: op('input other', { ofLayout: true, extra: true }),
  transpose: op('input dim0 dim1'),
  t: op('input'),
  ...spelled('mT T', 'input', { methodOnly: true }),
  permute: op('input dims'),
  expand: op('input shape'),
  broadcast_to: op('input shape', { extra: true }),
  ...spelled('squeeze unsqueeze', 'input dim'),
  flatten: op('input start_dim end_dim'),
  unflatten: op('input dim sizes'),
  narrow: op('input dim start length'),
  select: op('input dim index'),
  unbind: op('input dim'),
  split: op('input split_size dim'),
  split_with_sizes: op('input split_sizes dim', { name: 'split' }),
  chunk: op('input chunks dim'),
  diagonal: op('input | offset dim1 dim2'),
  unfold: op('input dimension size step'),
  movedim: op('input source destination'),
  ...spelled('contiguous clone', 'input'),

  __getitem__: op('input index', { name: 'index', spread: true }),
  index_put: op('input indices values | accumulate', { inPlace: true }),
  gather: op('input dim index'),
  scatter: op('input dim index src | reduce'),
  scatter_add: op('input dim index src'),
  index_select: op('input dim index'),
  index_add: op('input dim index source | alpha', { adapt: numericAlpha }),
  index_fill: op('input dim index value', { extra: true }),
  index_copy: op('input dim index source', { extra: true }),
  masked_select: op('input mask'),
  masked_fill: op('input mask value'),
  masked_scatter: op('input mask source', { extra: true }),
  take: op('input index'),
  take_along_dim: op('input indices dim'),
  ...spelled('cat stack', 'tensors dim', { receiver: -1 }),
  flip: op('input dims'),
  roll: op('input shifts dims'),
  repeat: op('input repeats'),
  tile: op('input dims'),
  repeat_interleave: op('input repeats | dim output_size'),
  sort: op('input dim | descending stable'),
  msort: op('input', { extra: true }),
  argsort: op('input dim | descending stable'),
  topk: op('input k | dim largest sorted'),
  kthvalue: op('input k | dim keepdim'),
  nonzero: op('input | as_tuple'),
  'nn.functional.one_hot': op('input | num_classes', { receiver: -1 }),
  ...spelled('tril triu', 'input diagonal'),
  'nn.functional.pad': op('input pad | mode value', { receiver: -1 }),

  arange: op('start end step | dtype', { receiver: -1, adapt: numeric }),
  linspace: op('start end steps | dtype', { receiver: -1 }),
  logspace: op('start end steps | base dtype', { receiver: -1 }),
  eye: op('n m | dtype', { receiver: -1 }),
  ...spelled('zeros ones', 'shape | dtype', { receiver: -1 }),
  full: op('shape fill_value | dtype', { receiver: -1 }),
  ...spelled('zeros_like ones_like', 'input | dtype', { receiver: -1 }),
  full_like: op('input fill_value | dtype', { receiver: -1 }),
  fill: op('input value', { extra: true }),

  ...Object.fromEntries(
    [1, 2, 3].flatMap((rank) => [
      [`nn.functional.conv${rank}d`, convolution('stride padding dilation groups')],
      [
        `nn.functional.conv_transpose${rank}d`,
        convolution('stride padding output_padding groups dilation', `convTranspose${rank}d`),
      ],
    ]),
  ),
  'nn.functional.unfold': op('input kernel_size | dilation padding stride', { name: 'im2col', receiver: -1 }),
};

/** Samples that stand outside Kindling on purpose: operation, which of its samples, why. */
export const notSupported: readonly { op: string; when: (bound: Bound) => boolean; why: string }[] = [
  {
    op: 'narrow',
    when: (b) => typeof b.get('start') === 'object',
    why: 'a start is a number, not a tensor',
  },
  {
    op: 'arange',
    when: (b) => b.get('dtype') === 'int32' && !Number.isInteger(b.get('step') ?? 1),
    why: 'PyTorch truncates the step to 0 but keeps the length',
  },
  ...moreNotSupported,
  ...linearAlgebraNotSupported,
  ...['addmm', 'addmv', 'baddbmm'].map((name) => ({
    op: name,
    when: (b: Bound) =>
      !(b.get('input') as { dtype: string }).dtype.startsWith('float') &&
      ['beta', 'alpha'].some((k) => !Number.isInteger(b.get(k) ?? 1)),
    why: 'PyTorch truncates a fractional beta or alpha to an integer without a word',
  })),
];

/** The table entry of an operation or of one variant of it. */
export const operationOf = (name: string, variant: string): Operation | undefined =>
  table[`${name}[${variant}]`] ?? table[name];
