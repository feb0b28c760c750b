/** The rows of the table for special functions, masked ones, windows, copies of views and what else stands apart. */
import type { Bound, Operation } from './table.ts';

type Extras = Omit<Operation, 'signature'>;

/** What the table's rows are made by. */
export interface Makers {
  readonly op: (signature: string, extras?: Extras) => Operation;
  readonly spelled: (names: string, signature: string, extras?: Extras) => Record<string, Operation>;
  readonly reflected: (name: string) => Operation;
  readonly correction: (bound: Bound) => Bound;
}

const within = (prefix: string, names: string): string =>
  names
    .split(' ')
    .map((name) => `${prefix}.${name}`)
    .join(' ');

const SPECIAL_UNARY =
  'i0e i1 i1e ndtr ndtri log_ndtr erfcx entr bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1 ' +
  'modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0';
const SPECIAL_BINARY =
  'xlog1py zeta chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w ' +
  'shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w ' +
  'hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p';

export function moreOperations({ op, spelled, reflected, correction }: Makers): Record<string, Operation> {
  const named = (names: string, signature: string, extras: Extras = {}): Record<string, Operation> =>
    Object.fromEntries(
      names.split(' ').map((name) => [name, op(signature, { receiver: -1, name: nested(name), ...extras })]),
    );
  return {
    ...spelled('i0 sinc deg2rad rad2deg sgn angle isreal frexp', 'input'),
    ...spelled('real conj conj_physical resolve_conj resolve_neg', 'input', { receiver: -1 }),
    // As an operation the sample's tensor comes first.
    polygamma: op('n input', {
      accepts: { positional: ['input', 'n'], optional: [] },
      receiver: 1,
      loose: polygamma,
    }),
    'special.polygamma': op('n input', {
      accepts: { positional: ['input', 'n'], optional: [] },
      receiver: -1,
      name: 'special.polygamma',
      loose: polygamma,
    }),
    mvlgamma: op('input p'),
    ...spelled(
      'igamma igammac gcd lcm bitwise_left_shift bitwise_right_shift ldexp nextafter',
      'input other',
    ),
    float_power: op('input exponent'),
    __rand__: reflected('bitwiseAnd'),
    __ror__: reflected('bitwiseOr'),
    __rxor__: reflected('bitwiseXor'),
    ...named(within('special', SPECIAL_UNARY), 'input'),
    ...named(within('special', SPECIAL_BINARY), 'input other'),

    ...named(
      within('masked', 'sum prod amax amin argmax argmin mean median logsumexp'),
      'input dim | keepdim dtype mask',
    ),
    ...named(within('masked', 'cumsum cumprod softmax log_softmax softmin'), 'input dim | dtype mask'),
    'masked.norm': op('input ord dim | keepdim dtype mask', { receiver: -1, name: 'masked.norm' }),
    'masked.normalize': op('input ord dim | eps dtype mask', { receiver: -1, name: 'masked.normalize' }),
    'masked.logaddexp': op('input other | dtype input_mask other_mask', {
      receiver: -1,
      name: 'masked.logaddexp',
    }),
    ...named(within('masked', 'var std'), 'input dim | correction keepdim dtype mask', {
      accepts: {
        positional: ['input', 'dim', 'unbiased'],
        optional: ['correction', 'keepdim', 'dtype', 'mask'],
      },
      adapt: correction,
    }),

    ...named(within('signal.windows', 'cosine hamming hann blackman bartlett nuttall'), 'm | sym dtype'),
    'signal.windows.exponential': op('m | center tau sym dtype', {
      receiver: -1,
      name: 'signal.windows.exponential',
    }),
    'signal.windows.gaussian': op('m | std sym dtype', { receiver: -1, name: 'signal.windows.gaussian' }),
    'signal.windows.kaiser': op('m | beta sym dtype', { receiver: -1, name: 'signal.windows.kaiser' }),
    'signal.windows.general_cosine': op('m | a sym dtype', {
      receiver: -1,
      name: 'signal.windows.generalCosine',
    }),
    'signal.windows.general_hamming': op('m | alpha sym dtype', {
      receiver: -1,
      name: 'signal.windows.generalHamming',
    }),

    ...spelled('alias_copy t_copy', 'input', { receiver: -1 }),
    expand_copy: op('input size', { receiver: -1 }),
    view_copy: op('input size', { receiver: -1, ofLayout: true }),
    diagonal_copy: op('input | offset dim1 dim2', { receiver: -1 }),
    as_strided_copy: op('input size stride | storage_offset', { receiver: -1, ofMemory: true }),
    as_strided_scatter: op('input src size stride | storage_offset', { receiver: -1, ofLayout: true }),
    narrow_copy: op('input dim start length'),
    permute_copy: op('input dims', { receiver: -1 }),
    split_with_sizes_copy: op('input split_sizes dim', { receiver: -1 }),
    unfold_copy: op('input dimension size step', { receiver: -1 }),
    ...spelled('unbind_copy squeeze_copy unsqueeze_copy', 'input dim', { receiver: -1 }),
    transpose_copy: op('input dim0 dim1', { receiver: -1 }),
    unsafe_chunk: op('input chunks dim'),
    unsafe_split: op('input split_size dim'),
    constant_pad_nd: op('input pad | value', { receiver: -1 }),
    combinations: op('input | r with_replacement', { receiver: -1 }),
    unravel_index: op('indices shape', { receiver: -1 }),
    nonzero_static: op('input | size fill_value'),
    diagflat: op('input | offset', { receiver: -1 }),
    addr: op('input vec1 vec2 | beta alpha', { adapt: numbered }),
    renorm: op('input p dim maxnorm'),
    'nn.functional.pdist': op('input | p', { receiver: -1 }),
    ...spelled('new_zeros new_ones', 'input size | dtype', { methodOnly: true }),
    new_full: op('input size fill_value | dtype', { methodOnly: true }),
    multinomial: op('input num_samples | replacement'),
    ...Object.fromEntries(
      Object.entries({
        cauchy: 'median sigma',
        exponential: 'lambd',
        geometric: 'p',
        log_normal: 'mean std',
        normal: 'mean std',
        uniform: 'from to',
      }).map(([name, parameters]) => [
        name,
        op(`input ${parameters}`, { methodOnly: true, name: `${nested(name)}_` }),
      ]),
    ),
    scalar_tensor: op('s | dtype', { receiver: -1 }),
  };
}

const polygamma = [20, "PyTorch's trigamma is good to 1e-9 only"] as const;

/** Python's True and False are numbers as factors. */
const numbered = (bound: Bound): Bound =>
  new Map([...bound].map(([k, v]) => [k, typeof v === 'boolean' ? Number(v) : v]));

const dtypeOfInput = (bound: Bound): string => (bound.get('input') as { dtype: string }).dtype;

/** Samples of these that stand outside Kindling on purpose. */
export const moreNotSupported = [
  ...['bessel_j0', 'bessel_j1', 'bessel_y0', 'bessel_y1'].map((name) => ({
    op: `special.${name}`,
    when: (b: Bound) => dtypeOfInput(b) === 'float64',
    why: "PyTorch's have 6 digits beyond 5; fixtures/math holds exact values",
  })),
  {
    op: 'as_strided_scatter',
    when: (b: Bound) => dtypeOfInput(b).startsWith('float'),
    why: "PyTorch's gradient to the input is that of what is overwritten",
  },
];

/** `special.i0_e` as `special.i0E`: each part in camelCase. */
const nested = (name: string): string =>
  name
    .split('.')
    .map((part) => part.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase()))
    .join('.');
