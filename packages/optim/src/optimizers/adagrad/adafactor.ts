import {
  type DType,
  E,
  emptyLike,
  FusedNorms,
  FusedUpdate,
  K,
  rowAndColumnNorms,
  type Tensor,
  zeros,
} from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { foreachKinds, type ImplementationOptions } from '../../base/implementation.ts';
import { nonNegative } from '../../base/kinds.ts';
import { optimizerClass } from '../../base/optimizer-class.ts';
import { type Rate, rate } from '../../base/rate.ts';
import type { ParamState } from '../../base/state-dict.ts';
import { type Update, updatesByFeatures } from '../../base/update.ts';
import { lerpBy } from '../arithmetic.ts';
import { signOf } from '../common.ts';
import { nextStep } from '../counts.ts';

/** Options of {@link Adafactor}. */
export interface AdafactorOptions extends Pick<ImplementationOptions, 'foreach'> {
  /** The greatest relative step, and the rate of the weight decay. Default: 1e-2. */
  lr?: Rate;
  /** The exponent of the step's number with which the running averages forget. Default: -0.8. */
  beta2Decay?: number;
  /**
   * ε₁, of the gradient's size, null for the dtype's rounding unit; ε₂, of the weights' size. Default: [null, 1e-3].
   */
  eps?: readonly [number | null, number];
  /** The root mean square of the update that is not exceeded. Default: 1. */
  d?: number;
  /** Decoupled weight decay. Default: 0. */
  weightDecay?: number;
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

const defaults: Required<AdafactorOptions> = {
  lr: 1e-2,
  beta2Decay: -0.8,
  eps: [null, 1e-3],
  d: 1,
  weightDecay: 0,
  foreach: null,
  maximize: false,
};
const kinds: K.Kinds<AdafactorOptions> = {
  lr: rate,
  beta2Decay: /* @__PURE__ */ K.kind('a finite number <= 0', (x) => Number.isFinite(x) && (x as number) <= 0),
  eps: /* @__PURE__ */ K.kind(
    'a pair of numbers >= 0, the first of which may be null',
    (x) =>
      Array.isArray(x) &&
      x.length === 2 &&
      (x[0] === null || nonNegative.accepts(x[0])) &&
      nonNegative.accepts(x[1]),
  ),
  d: /* @__PURE__ */ K.kind('a finite number >= 1', (x) => Number.isFinite(x) && (x as number) >= 1),
  weightDecay: nonNegative,
  maximize: K.flag,
  ...foreachKinds,
};

/**
 * What a step takes beside tensors: 1 - β₂, ρ, the decay's factor, ε₁, ε₂, d, the sign, of the shape rows, columns and
 * √size, and the root of what overflows, inverse.
 */
type Numbers<T> = [
  fresh: T,
  rho: T,
  shrink: T,
  eps1: T,
  eps2: T,
  d: T,
  sign: T,
  rows: T,
  columns: T,
  root: T,
  least: T,
];

/** A running average of mean squares, from the norms of so many elements as the number `count` says. */
const averaging = (name: string, count: 'rows' | 'columns'): FusedUpdate =>
  new FusedUpdate(name, 1, 1, (variance, norm, ...numbers) => {
    const [fresh, , , , , , , rows, columns] = numbers as Numbers<E.Expr>;
    const square = E.div(E.mul(norm, norm), count === 'rows' ? rows : columns);
    return [lerpBy(variance, square, fresh)];
  });
const averagingRows = averaging('adafactor_rows', 'columns');
const averagingColumns = averaging('adafactor_columns', 'rows');

/** The direction of a step as an expression of tensors, but for the sign. */
type Towards = (of: readonly E.Expr[], numbers: Numbers<E.Expr>) => E.Expr;

/** By how much the gradient is multiplied for its direction, of a variance. */
const scaleOf = (variance: E.Expr, eps1: E.Expr): E.Expr =>
  E.div(1, E.sqrt(E.max(variance, E.mul(eps1, eps1))));

/**
 * The scale of a variance R C / max(mean of R, ε₁), as PyTorch works it out, with a root and two divisions an element.
 */
const directingExactly = new FusedUpdate(
  'adafactor_direction',
  1,
  4,
  (_direction, row, column, mean, grad, ...numbers) => {
    const [, , , eps1] = numbers as Numbers<E.Expr>;
    const variance = E.div(E.mul(row, column), E.max(mean, eps1));
    return [E.mul(scaleOf(variance, eps1), grad)];
  },
);

/** 1 / √R, and that times √(max(mean of R, ε₁)), for each row. */
const factoringRows = new FusedUpdate('adafactor_row', 2, 2, (_factor, _scaled, row, mean, ...numbers) => {
  const [, , , eps1] = numbers as Numbers<E.Expr>;
  const factor = E.div(1, E.sqrt(row));
  return [factor, E.mul(factor, E.sqrt(E.max(mean, eps1)))];
});

/** 1 / √C, for each column. */
const factoringColumns = new FusedUpdate('adafactor_column', 1, 1, (_factor, column) => [
  E.div(1, E.sqrt(column as E.Expr)),
]);

/**
 * The direction of {@link directingExactly}, but for the rounding: the scale is a product of factors, at most 1 / ε₁.
 * Where R C is infinite there it is 0, or NaN beside an infinite mean; a product less than `least` tells so.
 */
const directionByFactors: Towards = ([byRow, ofRow, byColumn, grad], numbers) => {
  const [, , , eps1, , , , , , , least] = numbers;
  const kept = E.select(E.lt(byColumn as E.Expr, E.div(least, byRow as E.Expr)), 0, byColumn as E.Expr);
  return E.mul(E.pmin(E.mul(kept, ofRow as E.Expr), E.div(1, eps1)), grad as E.Expr);
};

const directingVector = new FusedUpdate(
  'adafactor_vector',
  2,
  1,
  (variance, _direction, grad, ...numbers) => {
    const [fresh, , , eps1] = numbers as Numbers<E.Expr>;
    const next = lerpBy(variance, E.mul(grad, grad), fresh);
    return [next, E.mul(scaleOf(next, eps1), grad)];
  },
);

/** The greater of a number and x, the number where x is NaN. */
const atLeast = (x: E.Expr, least: E.Operand): E.Expr => E.select(E.gt(x, least), x, least);

/** The step along a direction that is worked out of so many tensors whenever it is wanted: for its size, and to go. */
function stepAlong(inputs: number, towards: Towards) {
  const sizes = new FusedNorms('adafactor_sizes', 1 + inputs, 2, (w, ...others) => [
    w as E.Expr,
    towards(others.slice(0, inputs), others.slice(inputs) as Numbers<E.Expr>),
  ]);
  const descending = new FusedUpdate('adafactor', 1, inputs + 2, (w, ...others) => {
    const [ofWeights, ofDirection, ...rest] = others.slice(inputs) as [E.Expr, E.Expr, ...E.Expr[]];
    const numbers = rest as Numbers<E.Expr>;
    const [, rho, shrink, , eps2, d, sign, , , root] = numbers;
    const alpha = E.mul(atLeast(E.div(ofWeights, root), eps2), rho);
    const excess = atLeast(E.div(ofDirection, E.mul(root, d)), 1);
    const step = E.mul(sign, E.div(alpha, excess));
    return [E.sub(E.mul(w as E.Expr, shrink), E.mul(step, towards(others.slice(0, inputs), numbers)))];
  });
  return (p: Tensor, of: readonly Tensor[], numbers: readonly number[]): void =>
    descending.run([p, ...of, ...sizes.run([p, ...of], numbers)], numbers);
}
const stepByFactors = stepAlong(4, directionByFactors);
const stepTowards = stepAlong(1, ([direction]) => direction as E.Expr);

/** The update; `exactly`, where the variance of an element may be less than dtypes hold, and yet count. */
const updates = updatesByFeatures(
  (exactly: boolean): Update => ({
    state: ({ ndim }) => (ndim > 1 ? ['rowVar', 'colVar'] : ['variance']),
    counts: ['step'],
    kernel: {
      run(tensors, numbers, spare) {
        const [p] = tensors as [Tensor];
        if (p.ndim < 2) {
          const [, variance, grad] = tensors as [Tensor, Tensor, Tensor];
          const towards = spare(p);
          directingVector.run([variance, towards, grad], numbers);
          stepTowards(p, [towards], numbers);
          return;
        }
        const [, row, column, grad] = tensors as [Tensor, Tensor, Tensor, Tensor];
        const [ofRows, ofColumns] = rowAndColumnNorms(grad);
        averagingRows.run([row, ofRows], numbers);
        averagingColumns.run([column, ofColumns], numbers);
        const mean = row.mean(-2, { keepdim: true });
        if (exactly) {
          const towards = spare(p);
          directingExactly.run([towards, row, column, mean, grad], numbers);
          stepTowards(p, [towards], numbers);
          return;
        }
        const [byRow, ofRow, byColumn] = [emptyLike(row), emptyLike(row), emptyLike(column)] as const;
        factoringRows.run([byRow, ofRow, row, mean], numbers);
        factoringColumns.run([byColumn, column], numbers);
        stepByFactors(p, [byRow, ofRow, byColumn, grad], numbers);
      },
    },
  }),
);

/**
 * Between which ε₁ stays between the least and the greatest number of a dtype when it is multiplied by itself twice.
 */
const boundsOf = (dtype: DType): number => (dtype === 'float64' ? 1e100 : 1e12);

/** ε₁ of a group: as in PyTorch, the first parameter's dtype counts for all of it. */
function firstEpsilon({ eps, params }: ParamGroup<Required<AdafactorOptions>>): number {
  if (eps[0] !== null) return eps[0];
  return roundingUnit(params.find(({ grad }) => grad !== null)?.dtype ?? 'float32');
}

/** The distance from 1 to the next number. */
const roundingUnit = (dtype: DType): number => (dtype === 'float64' ? Number.EPSILON : 2 ** -23);

/**
 * Adaptive rates in little memory: of a parameter of two dimensions and more only the row and column means of the
 * squared gradient are remembered, R and C, of the others all. β₂ = 1 - t^`beta2Decay`; R = β₂ R + (1 - β₂) mean of g²
 * along rows, C along columns; V = R C / max(mean of R, ε₁); U = g / max(√V, ε₁); α = max(ε₂, rms(w)) min(lr, 1 / √t);
 * w = (1 - lr λ) w - α U / max(1, rms(U) / d). Follows `torch.optim.Adafactor`; Shazeer and Stern, "Adafactor: Adaptive
 * Learning Rates with Sublinear Memory Cost", 2018.
 * @throws ValueError for options that are not finite, or beyond their bounds: lr, eps and weightDecay at least 0,
 * beta2Decay at most 0, d at least 1
 * @example
 * ```ts
 * const w = tensor([[3, 4], [0, 0]], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Adafactor([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([[2.7500, 3.7500], [0.0000, 0.0000]], requires_grad=True)
 * ```
 */
export class Adafactor extends /* @__PURE__ */ optimizerClass<AdafactorOptions>(defaults, kinds) {
  protected override updateOf(group: ParamGroup<Required<AdafactorOptions>>): Update {
    const eps1 = firstEpsilon(group);
    return updates(group.params.some(({ dtype }) => eps1 * boundsOf(dtype) < 1 || eps1 > boundsOf(dtype)));
  }

  protected override firstState({ shape, dtype }: Tensor, name: string): Tensor {
    const summed = name === 'rowVar' ? shape.length - 1 : name === 'colVar' ? shape.length - 2 : -1;
    return zeros(
      shape.map((size, d) => (d === summed ? 1 : size)),
      { dtype },
    );
  }

  protected override numbers(
    group: ParamGroup<Required<AdafactorOptions>>,
    state: ParamState,
    p: Tensor,
  ): Numbers<number> {
    const { lr, beta2Decay, eps, d, weightDecay } = group;
    const { shape, count, dtype } = p;
    const step = nextStep(state);
    return [
      step ** beta2Decay,
      Math.min(lr, 1 / Math.sqrt(step)),
      1 - lr * weightDecay,
      firstEpsilon(group),
      eps[1],
      d,
      signOf(group),
      shape.at(-2) ?? 1,
      shape.at(-1) ?? 1,
      Math.sqrt(count),
      dtype === 'float64' ? 2 ** -512 : 2 ** -64,
    ];
  }
}
