/**
 * What L-BFGS does with vectors of all parameters: products, each in the pass over memory that makes what the next one
 * is of.
 */
import { E, FusedUpdate, type LinkOfSums, linalg, SummedUpdate, Tensor, valuesOf } from '@kindling/core';
import type { Course, Memory } from './memory.ts';
import { type Arithmetic, python, type Scalar } from './scalars.ts';

/** The number in a tensor of one element. */
export const numberIn = (x: Tensor): number => Number(valuesOf(x, 'LBFGS.step')[0]);

/** Σ a b */
const product = /* @__PURE__ */ new SummedUpdate('lbfgs_dot', 0, 2, (a, b) => [E.mul(a, b)]);
/** Σ a² */
const squares = /* @__PURE__ */ new SummedUpdate('lbfgs_squares', 0, 1, (a) => [E.mul(a, a)]);
/** Σ |a| */
const size = /* @__PURE__ */ new SummedUpdate('lbfgs_sum', 0, 1, (a) => [E.abs(a)]);
/**
 * The change of the gradient takes the place of the last one, and that of the parameters that of the last direction;
 * their product.
 */
const change = /* @__PURE__ */ new SummedUpdate('lbfgs_change', 2, 1, (before, d, gradient, t) => {
  const [y, s] = [E.sub(gradient, before), E.mul(d, t)];
  return [E.mul(y, s), y, s];
});
/** -g, and its product with the next vector. */
const down = /* @__PURE__ */ new SummedUpdate('lbfgs_down', 1, 1, (g, next) => {
  const turned = E.neg(g as E.Expr);
  return [E.mul(next as E.Expr, turned), turned];
});
/** q + a x, and its product with the next vector. */
const onward = /* @__PURE__ */ new SummedUpdate('lbfgs_onward', 1, 2, (q, x, next, a) => {
  const moved = E.add(q, E.mul(a, x));
  return [E.mul(next, moved), moved];
});
/** The last of the first loop, with which the scale of the inverse Hessian is applied. */
const turn = /* @__PURE__ */ new SummedUpdate('lbfgs_turn', 1, 2, (q, x, next, a, scale) => {
  const moved = E.mul(E.add(q, E.mul(a, x)), scale);
  return [E.mul(next, moved), moved];
});
const scaled = /* @__PURE__ */ new SummedUpdate('lbfgs_scaled', 1, 1, (q, next, scale) => {
  const moved = E.mul(q, scale);
  return [E.mul(next, moved), moved];
});

/** Σ a b */
export const dot = (a: Tensor, b: Tensor): number => numberIn(product.run([a, b]));
/** Σ |x| */
export const absoluteSum = (x: Tensor): number => numberIn(size.run([x]));
/** The greatest |x|, NaN where one is. */
export const largest = (x: Tensor): number => numberIn(linalg.vectorNorm(x, Number.POSITIVE_INFINITY));

/** So many elements are looked at before all are. */
const first = 16;

/**
 * Whether |x| t is at most a tolerance for each element of a dense x, which NaN never is: where it is not, the first
 * elements tell so but for few vectors.
 */
export function isWithin(x: Tensor, t: number, tolerance: number, arithmetic: Arithmetic): boolean {
  const { isAtMost, mul, tensor } = arithmetic;
  const isSmall = (size: number): boolean => isAtMost(mul(tensor(size), python(t)), python(tolerance));
  const values = valuesOf(x, 'LBFGS.step');
  const count = Math.min(first, values.length);
  for (let i = 0; i < count; i++) if (!isSmall(Math.abs(values[i] as number))) return false;
  return isSmall(largest(x));
}

/** p + t d */
const moving = /* @__PURE__ */ new FusedUpdate('lbfgs_move', 1, 1, (p, d, t) => [E.add(p, E.mul(t, d))]);

/** Each parameter, with its part of a vector of all. */
export function withParts(params: readonly Tensor[], d: Tensor): (readonly [p: Tensor, part: Tensor])[] {
  const parts = d.split(params.map(({ count }) => count));
  return params.map((p, i) => [
    p,
    p.ndim === 1 ? (parts[i] as Tensor) : (parts[i] as Tensor).view([...p.shape]),
  ]);
}

/** Moves parameters by t times their parts. */
export function move(parts: ReturnType<typeof withParts>, t: number): void {
  const isOfOne = parts.every(([p, part]) => p.dtype === part.dtype);
  if (isOfOne) moving.runAll(parts, [t]);
  else for (const [p, part] of parts) p.add_(part, { alpha: t });
}

/** A direction, and the slope along it. */
export interface Direction {
  readonly d: Tensor;
  readonly slope: number;
}

/** A change of gradient and parameters whose product is less says nothing of the curvature. */
const leastCurvature = /* @__PURE__ */ python(1e-10);

/**
 * Adds the correction of the last iteration; `isOwn` says that nobody else knows its direction and gradient, which then
 * become the correction themselves.
 */
export function remember(
  memory: Memory & Course,
  gradient: Tensor,
  historySize: number,
  isOwn: boolean,
  { isLess, div, tensor }: Arithmetic,
): void {
  const { oldDirs, oldStps, ro } = memory;
  const free = (x: Tensor): Tensor => (isOwn && x !== gradient ? x : x.clone());
  const [y, s] = [free(memory.prevFlatGrad), free(memory.d)];
  const curvature = tensor(numberIn(change.run([y, s, gradient], [memory.t])));
  if (!isLess(leastCurvature, curvature)) return;
  while (oldDirs.length >= historySize) for (const list of [oldDirs, oldStps, ro]) list.shift();
  oldDirs.push(y);
  oldStps.push(s);
  ro.push(scalarLike(gradient, 1 / curvature.value));
  memory.hDiag = scalarLike(gradient, div(curvature, tensor(numberIn(squares.run([y])))).value);
}

const scalarLike = ({ dtype }: Tensor, value: number): Tensor => Tensor.scalar(value, dtype);

/**
 * The direction from -gradient by two loops over the corrections. Iterations of a step have most of these in common, and
 * their arithmetic, by which they find what is where kernels work already.
 */
export function directionOf(
  memory: Memory & Course,
  gradient: Tensor,
  historySize: number,
  arithmetic: Arithmetic,
): Direction {
  const { mul, sub, tensor } = arithmetic;
  const { oldDirs, oldStps } = memory;
  const count = oldDirs.length;
  const ro = memory.ro.map((x) => tensor(numberIn(x)));
  const scale = typeof memory.hDiag === 'number' ? memory.hDiag : numberIn(memory.hDiag);
  const vector = (list: readonly Tensor[], i: number): Tensor => list[i] as Tensor;
  if (count === 0) {
    const d = gradient.neg();
    return { d, slope: numberIn(scaled.run([d, gradient], [scale])) };
  }
  const weighted = (i: number, sum: number): Scalar => mul(tensor(sum), ro[i] as Scalar);
  const alphas = new Array<Scalar>(count);
  const al = memory.al ?? new Array<Tensor | null>(historySize).fill(null);
  memory.al = al;
  const links: LinkOfSums[] = [{ update: down, inputs: [vector(oldStps, count - 1)], numbers: () => [] }];
  for (let i = count - 1; i >= 0; i--) {
    const back = (sum: number): number => {
      const alpha = weighted(i, sum);
      alphas[i] = alpha;
      return -alpha.value;
    };
    const x = vector(oldDirs, i);
    links.push(
      i > 0
        ? { update: onward, inputs: [x, vector(oldStps, i - 1)], numbers: (sum) => [back(sum)] }
        : { update: turn, inputs: [x, vector(oldDirs, 0)], numbers: (sum) => [back(sum), scale] },
    );
  }
  for (let i = 0; i < count; i++) {
    const next = i + 1 < count ? vector(oldDirs, i + 1) : gradient;
    const numbers = (sum: number): readonly number[] => {
      const alpha = alphas[i] as Scalar;
      al[i] = scalarLike(gradient, alpha.value);
      return [sub(alpha, weighted(i, sum)).value];
    };
    links.push({ update: onward, inputs: [vector(oldStps, i), next], numbers });
  }
  const { result: d, sum } = SummedUpdate.chain(gradient, links, { owner: arithmetic });
  return { d, slope: sum };
}
