/** The updates of the optimizers written out in operations on tensors, one step a function: what the fused kernels are held against. */
import { maximum, minimum, Tensor, tensor, where, zerosLike } from '@kindling/core';
import { fma64 } from '../../../core/src/random/fma.ts';

/** What is remembered of a parameter. */
export interface Memory {
  t: number;
  [name: string]: Tensor | number;
}

type O = Readonly<Record<string, unknown>>;

/** The new parameter, from the old one, its gradient, the memory and all options. */
export type PlainUpdate = (w: Tensor, grad: Tensor, memory: Memory, options: O) => Tensor;

const n = (o: O, name: string): number => o[name] as number;
const pair = (o: O, name: string): [number, number] => o[name] as [number, number];
const kept = (memory: Memory, name: string, first: Tensor): Tensor => (memory[name] ??= first) as Tensor;

/** lerp as PyTorch has it: from the nearer end. */
function lerp(a: Tensor, b: Tensor, weight: number): Tensor {
  const change = b.sub(a);
  return Math.abs(weight) < 0.5
    ? a.add(change.mul(weight))
    : b.sub(change.mul(single(a, 1 - single(a, weight))));
}

/** A number as the arithmetic of this dtype has it. */
const single = (like: Tensor, x: number): number => (like.dtype === 'float32' ? Math.fround(x) : x);

function signed(grad: Tensor, o: O): Tensor {
  return o.maximize === true ? grad.neg() : grad;
}

function penalised(w: Tensor, grad: Tensor, o: O): Tensor {
  const g = signed(grad, o);
  const decay = n(o, 'weightDecay');
  return decay === 0 || o.decoupledWeightDecay === true ? g : g.add(w.mul(decay));
}

const shrunk = (w: Tensor, o: O): Tensor =>
  n(o, 'weightDecay') !== 0 && o.decoupledWeightDecay === true
    ? w.mul(1 - n(o, 'lr') * n(o, 'weightDecay'))
    : w;

const squares = (v: Tensor, x: Tensor, beta: number): Tensor => v.mul(beta).add(x.mul(1 - beta).mul(x));

/** Both running averages of Adam and its kin. */
function averages(g: Tensor, memory: Memory, o: O): { m: Tensor; v: Tensor; beta1: number; beta2: number } {
  const [beta1, beta2] = pair(o, 'betas');
  const m = lerp(kept(memory, 'expAvg', zerosLike(g)), g, 1 - beta1);
  const v = squares(kept(memory, 'expAvgSq', zerosLike(g)), g, beta2);
  memory.expAvg = m;
  memory.expAvgSq = v;
  return { m, v, beta1, beta2 };
}

const adam: PlainUpdate = (w, grad, memory, o) => {
  const { m, v, beta1, beta2 } = averages(penalised(w, grad, o), memory, o);
  let bound = v;
  if (o.amsgrad === true) {
    bound = maximum(kept(memory, 'max', zerosLike(w)), v);
    memory.max = bound;
  }
  const denominator = bound
    .sqrt()
    .div(Math.sqrt(1 - beta2 ** memory.t))
    .add(n(o, 'eps'));
  const size = n(o, 'lr') / (1 - beta1 ** memory.t);
  return shrunk(w, o).sub(m.mul(size).div(denominator));
};

const adamax: PlainUpdate = (w, grad, memory, o) => {
  const g = penalised(w, grad, o);
  const [beta1, beta2] = pair(o, 'betas');
  const m = lerp(kept(memory, 'expAvg', zerosLike(w)), g, 1 - beta1);
  const u = maximum(kept(memory, 'expInf', zerosLike(w)).mul(beta2), g.abs().add(n(o, 'eps')));
  memory.expAvg = m;
  memory.expInf = u;
  return w.sub(m.mul(n(o, 'lr') / (1 - beta1 ** memory.t)).div(u));
};

const nadam: PlainUpdate = (w, grad, memory, o) => {
  const g = penalised(w, grad, o);
  const { m, v, beta1, beta2 } = averages(g, memory, o);
  const mu = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** (t * n(o, 'momentumDecay')));
  const [now, next] = [mu(memory.t), mu(memory.t + 1)];
  const product = Math.fround(((memory.product ?? 1) as number) * Math.fround(now));
  memory.product = product;
  const denominator = v
    .div(1 - beta2 ** memory.t)
    .sqrt()
    .add(n(o, 'eps'));
  const lr = n(o, 'lr');
  return shrunk(w, o)
    .sub(g.mul((lr * (1 - now)) / (1 - product)).div(denominator))
    .sub(m.mul((lr * next) / (1 - product * next)).div(denominator));
};

const radam: PlainUpdate = (w, grad, memory, o) => {
  const { m, v, beta1, beta2 } = averages(penalised(w, grad, o), memory, o);
  const { t } = memory;
  const limit = 2 / (1 - beta2) - 1;
  const length = limit - (2 * t * beta2 ** t) / (1 - beta2 ** t);
  const update = m.div(1 - beta1 ** t).mul(n(o, 'lr'));
  if (!(length > 5)) return shrunk(w, o).sub(update);
  const rect = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
  const rate = v
    .sqrt()
    .add(n(o, 'eps'))
    .reciprocal()
    .mul(Math.sqrt(1 - beta2 ** t));
  return shrunk(w, o).sub(update.mul(rate).mul(rect));
};

const adagrad: PlainUpdate = (w, grad, memory, o) => {
  const g = penalised(w, grad, o);
  const sum = kept(memory, 'sum', zerosLike(w).add(n(o, 'initialAccumulatorValue'))).add(g.mul(g));
  memory.sum = sum;
  const rate = n(o, 'lr') / (1 + (memory.t - 1) * n(o, 'lrDecay'));
  return w.sub(g.mul(rate).div(sum.sqrt().add(n(o, 'eps'))));
};

const adadelta: PlainUpdate = (w, grad, memory, o) => {
  const g = penalised(w, grad, o);
  const [rho, eps] = [n(o, 'rho'), n(o, 'eps')];
  const v = squares(kept(memory, 'squareAvg', zerosLike(w)), g, rho);
  const old = kept(memory, 'accDelta', zerosLike(w));
  const delta = old.add(eps).sqrt().div(v.add(eps).sqrt()).mul(g);
  memory.squareAvg = v;
  memory.accDelta = squares(old, delta, rho);
  return w.sub(delta.mul(n(o, 'lr')));
};

/** a b + c, rounded once. */
function fma(a: Tensor | number, b: Tensor, c: Tensor): Tensor {
  const valuesOf = (x: Tensor | number): number[] =>
    x instanceof Tensor ? (x.reshape([x.count]).tolist() as number[]) : new Array(c.count).fill(single(c, x));
  const [as, bs, cs] = [a, b, c].map(valuesOf) as [number[], number[], number[]];
  const values = as.map((x, i) => fma64(x, bs[i] as number, cs[i] as number));
  return tensor(values, { dtype: c.dtype }).reshape([...c.shape]);
}

const rmsprop: PlainUpdate = (w, grad, memory, o) => {
  const [alpha, momentum, decay] = [n(o, 'alpha'), n(o, 'momentum'), n(o, 'weightDecay')];
  const isCentred = o.centered === true;
  const fresh = single(w, 1 - alpha);
  const g = isCentred && decay !== 0 ? fma(decay, w, signed(grad, o)) : penalised(w, grad, o);
  const square = kept(memory, 'squareAvg', zerosLike(w));
  const v = isCentred ? fma(g.mul(fresh), g, square.mul(alpha)) : squares(square, g, alpha);
  memory.squareAvg = v;
  let variance = v;
  if (isCentred) {
    const before = kept(memory, 'gradAvg', zerosLike(w));
    const change = g.sub(before);
    const isNearer = Math.abs(1 - alpha) >= 0.5;
    const mean = isNearer ? fma(-single(w, 1 - fresh), change, g) : fma(fresh, change, before);
    memory.gradAvg = mean;
    variance = fma(mean.neg(), mean, v);
  }
  const denominator = variance.sqrt().add(n(o, 'eps'));
  if (momentum === 0) return w.sub(g.mul(n(o, 'lr')).div(denominator));
  const buffer = kept(memory, 'buffer', zerosLike(w)).mul(momentum).add(g.div(denominator));
  memory.buffer = buffer;
  return isCentred ? fma(-n(o, 'lr'), buffer, w) : w.sub(buffer.mul(n(o, 'lr')));
};

const rprop: PlainUpdate = (w, grad, memory, o) => {
  const g = signed(grad, o);
  const [[shrinks, grows], [least, greatest]] = [pair(o, 'etas'), pair(o, 'stepSizes')];
  const along = g.mul(kept(memory, 'prev', zerosLike(w)));
  const old = kept(memory, 'stepSize', zerosLike(w).add(n(o, 'lr')));
  const size = where(along.lt(0), old.mul(shrinks), where(along.gt(0), old.mul(grows), old));
  const stepSize = minimum(maximum(size, zerosLike(w).add(least)), zerosLike(w).add(greatest));
  const prev = where(along.lt(0), zerosLike(w), g);
  memory.prev = prev;
  memory.stepSize = stepSize;
  return w.sub(prev.sign().mul(stepSize));
};

const asgd: PlainUpdate = (w, grad, memory, o) => {
  const g = penalised(w, grad, o);
  const lr = n(o, 'lr');
  const eta = (memory.eta ?? Math.fround(lr)) as number;
  const mu = (memory.mu ?? 1) as number;
  const next = w.mul(1 - n(o, 'lambd') * eta).sub(g.mul(eta));
  const ax = kept(memory, 'ax', zerosLike(w));
  memory.ax = mu === 1 ? next : ax.add(next.sub(ax).mul(mu));
  memory.eta = Math.fround(lr / (1 + n(o, 'lambd') * lr * memory.t) ** n(o, 'alpha'));
  memory.mu = Math.fround(1 / Math.max(1, memory.t - n(o, 't0')));
  return next;
};

const sgd: PlainUpdate = (w, grad, memory, o) => {
  const g = penalised(w, grad, o);
  const [lr, momentum] = [n(o, 'lr'), n(o, 'momentum')];
  if (momentum === 0) return w.sub(g.mul(lr));
  const old = memory.momentumBuffer as Tensor | undefined;
  const v = old === undefined ? g : old.mul(momentum).add(g.mul(1 - n(o, 'dampening')));
  memory.momentumBuffer = v;
  return w.sub((o.nesterov === true ? g.add(v.mul(momentum)) : v).mul(lr));
};

const lion: PlainUpdate = (w, grad, memory, o) => {
  const g = signed(grad, o);
  const [beta1, beta2] = pair(o, 'betas');
  const m = kept(memory, 'expAvg', zerosLike(w));
  const average = (beta: number): Tensor => m.mul(beta).add(g.mul(1 - beta));
  const decay = n(o, 'weightDecay');
  memory.expAvg = average(beta2);
  return (decay === 0 ? w : w.mul(1 - n(o, 'lr') * decay)).sub(average(beta1).sign().mul(n(o, 'lr')));
};

/** By the names of the optimizers. */
export const plainUpdates: Readonly<Record<string, PlainUpdate>> = {
  Adadelta: adadelta,
  Adagrad: adagrad,
  Adam: adam,
  AdamW: adam,
  Adamax: adamax,
  ASGD: asgd,
  Lion: lion,
  NAdam: nadam,
  RAdam: radam,
  RMSprop: rmsprop,
  Rprop: rprop,
  SGD: sgd,
};
