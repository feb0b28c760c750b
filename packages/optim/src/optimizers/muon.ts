import { E, FusedUpdate, formatShape, K, linalg, type Tensor, ValueError } from '@kindling/core';
import type { ParamGroup } from '../base/groups.ts';
import { nonNegative } from '../base/kinds.ts';
import { optimizerClass } from '../base/optimizer-class.ts';
import { type Rate, rate } from '../base/rate.ts';
import type { ParamState } from '../base/state-dict.ts';
import type { Update, UpdateKernel } from '../base/update.ts';
import { lerpBy } from './arithmetic.ts';

/** Options of {@link Muon}. */
export interface MuonOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: Rate;
  /** Decoupled weight decay. Default: 0.1. */
  weightDecay?: number;
  /** Decay of the running average of the gradient. Default: 0.95. */
  momentum?: number;
  /** Nesterov momentum. Default: true. */
  nesterov?: boolean;
  /** a, b and c of the polynomial. Default: [3.4445, -4.775, 2.0315]. */
  nsCoefficients?: readonly [number, number, number];
  /** What the norm of the direction is at least taken for. Default: 1e-7. */
  eps?: number;
  /** How often the polynomial is applied. Default: 5. */
  nsSteps?: number;
  /**
   * What the learning rate of a matrix (m, n) is multiplied by: `'original'` by √max(1, m / n), as null;
   * `'match_rms_adamw'` by 0.2 √max(m, n), to reuse the rates of AdamW; `'spectral_unclamped'` by √(m / n). Default:
   * null.
   */
  adjustLrFn?: 'original' | 'match_rms_adamw' | 'spectral_unclamped' | null;
}

const defaults: Required<MuonOptions> = {
  lr: 1e-3,
  weightDecay: 0.1,
  momentum: 0.95,
  nesterov: true,
  nsCoefficients: [3.4445, -4.775, 2.0315],
  eps: 1e-7,
  nsSteps: 5,
  adjustLrFn: null,
};
const kinds: K.Kinds<MuonOptions> = {
  lr: rate,
  weightDecay: nonNegative,
  momentum: nonNegative,
  nesterov: K.flag,
  nsCoefficients: /* @__PURE__ */ K.kind(
    'three finite numbers',
    (x) => Array.isArray(x) && x.length === 3 && x.every(Number.isFinite),
  ),
  eps: nonNegative,
  nsSteps: /* @__PURE__ */ K.kind(
    'an integer in [0, 100)',
    (x) => Number.isSafeInteger(x) && (x as number) >= 0 && (x as number) < 100,
  ),
  adjustLrFn: /* @__PURE__ */ K.nullable(
    /* @__PURE__ */ K.oneOf('original', 'match_rms_adamw', 'spectral_unclamped'),
  ),
};

/** What a step takes beside tensors: 1 - μ, μ, the decay's factor, the adjusted rate, a, b, c, ε. */
type Numbers<T> = [fresh: T, mu: T, shrink: T, rate: T, a: T, b: T, c: T, eps: T];

/**
 * The bits of x rounded to the nearest that end in so many zeros, x itself where it is NaN. PyTorch works in bfloat16
 * here, whatever the dtype of the parameters: products and their sums in float32, and what comes of them rounded.
 */
function rounded(x: E.Expr, zeros: number): E.Expr {
  const bits = E.bitsOf(x);
  const odd = E.iand(E.shrU(bits, zeros), 1);
  const nearest = E.iand(E.iadd(bits, E.iadd(odd, 2 ** (zeros - 1) - 1)), -(2 ** zeros));
  return E.select(E.isNaN(x), x, E.fromBits(nearest));
}

/** From float64 to float32, and from each of them to bfloat16. */
const to32 = (x: E.Expr): E.Expr => rounded(x, 29);
const from64 = (x: E.Expr): E.Expr => rounded(to32(x), 45);
const from32 = (x: E.Expr): E.Expr => rounded(x, 16);

const rounding = new FusedUpdate('muon_round', 1, 0, (x) => [from32(x as E.Expr)]);

const normalizing = new FusedUpdate('muon_normalize', 1, 1, (...operands) => {
  const [x, norm, , , , , , , , eps] = operands as [E.Expr, E.Expr, ...Numbers<E.Expr>];
  return [from32(E.div(x, E.max(from32(norm), from32(eps))))];
});

/** b G + c G G, of which float64 holds the first product: PyTorch adds it fused. */
const polynomial = new FusedUpdate('muon_polynomial', 1, 1, (...operands) => {
  const [square, gram, , , , , , b, c] = operands as [E.Expr, E.Expr, ...Numbers<E.Expr>];
  return [from64(E.add(E.mul(b, gram), to32(E.mul(c, square))))];
});

/** a X + U X, likewise. */
const applying = new FusedUpdate('muon_apply', 1, 1, (...operands) => {
  const [product, x, , , , , a] = operands as [E.Expr, E.Expr, ...Numbers<E.Expr>];
  return [from64(E.add(E.mul(a, x), product))];
});

const descending = new FusedUpdate('muon', 1, 1, (w, direction, ...numbers) => {
  const [, , shrink, rate] = numbers as Numbers<E.Expr>;
  return [E.sub(E.mul(w, shrink), E.mul(rate, direction))];
});

/** The nearest matrix with singular values of about 1, in float32: its `steps` iterations bring each of them closer. */
function orthogonal(direction: Tensor, steps: number, numbers: readonly number[]): Tensor {
  const start = direction.to('float32');
  rounding.run([start], numbers);
  normalizing.run([start, linalg.vectorNorm(start)], numbers);
  const [rows = 0, columns = 0] = start.shape;
  const isTall = rows > columns;
  let x = isTall ? start.t() : start;
  for (let step = 0; step < steps; step++) {
    const gram = x.matmul(x.t());
    rounding.run([gram], numbers);
    const square = gram.matmul(gram).to('float64');
    polynomial.run([square, gram.to('float64')], numbers);
    const product = square.to('float32').matmul(x).to('float64');
    applying.run([product, x.to('float64')], numbers);
    x = product.to('float32');
  }
  return isTall ? x.t() : x;
}

function kernelOf(nesterov: boolean, steps: number): UpdateKernel {
  const momentum = new FusedUpdate('muon_momentum', 2, 1, (average, _direction, grad, ...numbers) => {
    const [fresh, mu] = numbers as Numbers<E.Expr>;
    const next = lerpBy(average, grad, fresh);
    return [next, nesterov ? lerpBy(grad, next, mu) : next];
  });
  return {
    run(tensors, numbers, spare) {
      const [p, average, grad] = tensors as [Tensor, Tensor, Tensor];
      const direction = spare(average);
      momentum.run([average, direction, grad], numbers);
      descending.run([p, orthogonal(direction, steps, numbers).to(p.dtype)], numbers);
    },
  };
}

const updates = new Map<number, Update>();

/** The learning rate of a matrix is its group's times this. */
const ratios: Readonly<
  Record<NonNullable<MuonOptions['adjustLrFn']>, (rows: number, columns: number) => number>
> = {
  original: (rows, columns) => Math.sqrt(Math.max(1, rows / columns)),
  match_rms_adamw: (rows, columns) => 0.2 * Math.sqrt(Math.max(rows, columns)),
  spectral_unclamped: (rows, columns) => Math.sqrt(rows / columns),
};

/**
 * Momentum orthogonalized, for the matrices of hidden layers: B = μ B + (1 - μ) g, with Nesterov momentum G = μ B + (1
 * - μ) g, else G = B; O of G, by `nsSteps` iterations of X = a X + (b A + c A²) X, A = X Xᵀ, from X = G / ‖G‖; w = (1 -
 * lr λ) w - lr' O, with lr' as `adjustLrFn` says. The iterations are in bfloat16, as PyTorch's; in them sums of
 * products are rounded in another order, of which now and then the last of 8 bits shows. Biases, embeddings and all
 * that is no matrix go to another optimizer, such as `AdamW`. Follows `torch.optim.Muon`; Jordan, "Muon: An optimizer
 * for hidden layers in neural networks", 2024.
 * @throws ValueError for options that are negative or not finite, and for a parameter that has not 2 dimensions
 * @example
 * ```ts
 * const w = tensor([[3, 0], [0, 0.1]], { requiresGrad: true });
 * const optimizer = new optim.Muon([w], { lr: 0.1, weightDecay: 0 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([[ 2.9313,  0.0000], [ 0.0000, -0.0133]], requires_grad=True)
 * ```
 */
export class Muon extends /* @__PURE__ */ optimizerClass<MuonOptions>(defaults, kinds) {
  protected override check({ params }: ParamGroup<Required<MuonOptions>>): void {
    const other = params.find(({ ndim }) => ndim !== 2);
    if (other === undefined) return;
    throw new ValueError(
      `${this.constructor.name}: Muon only supports 2D parameters whereas we found a parameter with size: ` +
        `${formatShape(other.shape)}; give it to another optimizer, such as AdamW`,
    );
  }

  protected override updateOf({ nesterov, nsSteps }: ParamGroup<Required<MuonOptions>>): Update {
    const key = 2 * nsSteps + Number(nesterov);
    let update = updates.get(key);
    if (update === undefined) {
      update = { state: ['momentumBuffer'], kernel: kernelOf(nesterov, nsSteps) };
      updates.set(key, update);
    }
    return update;
  }

  protected override numbers(
    group: ParamGroup<Required<MuonOptions>>,
    _state: ParamState,
    { shape }: Tensor,
  ): Numbers<number> {
    const { lr, weightDecay, momentum, nsCoefficients, eps, adjustLrFn } = group;
    const [rows = 0, columns = 0] = shape;
    const rate = lr * ratios[adjustLrFn ?? 'original'](rows, columns);
    const [a, b, c] = nsCoefficients;
    const { fround } = Math;
    return [1 - momentum, momentum, 1 - lr * weightDecay, rate, fround(a), fround(b), fround(c), eps];
  }
}
