import { composition, K, type Tensor } from '@kindling/core';

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** The p of the norm. Default: 2. */
  readonly p?: number;
  /** Along which dimension or dimensions the norm is taken. Default: 1. */
  readonly dim?: number | readonly number[];
  /** The least divisor. Default: 1e-12. */
  readonly eps?: number;
}

/**
 * x / max(norm(x), eps), the p-norm being taken along `dim`. Follows `torch.nn.functional.normalize`.
 * @throws IndexError when `dim` is out of range.
 * @throws DTypeError when x is not floating.
 * @example F.normalize(tensor([[3, 4.0]], { dtype: 'float32' })); // tensor([[0.6000, 0.8000]])
 */
export const normalize = /* @__PURE__ */ composition(
  'normalize',
  () => ({
    x: K.tensor,
    options: K.options<NormalizeOptions>({ p: K.number, dim: K.dims, eps: K.number }),
  }),
  (x: Tensor, options: NormalizeOptions = {}): Tensor => {
    const { p = 2, dim = 1, eps = 1e-12 } = options;
    return x.div(x.norm(p, dim, { keepdim: true }).clampMin(eps));
  },
);
