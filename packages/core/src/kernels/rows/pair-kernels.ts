/** The WebAssembly kernels of functions of all pairs of rows, on blocks of them in the scratch memory. */

import { inlineExpression } from '../compile/index.ts';
import type { Expr } from '../expression/index.ts';
import * as E from '../expression/index.ts';
import {
  type FloatLane,
  type FunctionBuilder,
  i32Params,
  ModuleBuilder,
  memoized,
  range,
} from '../wasm/index.ts';
import { bytesOfLane, vectorOf } from '../wasm/lanes.ts';
import { definePairDrivers, pairGroup } from './pair-drivers.ts';

/**
 * What is made of a difference x: one of the terms that the distances and their derivatives of any order are sums of.
 */
export type PairTerm =
  /** |x|^exponent, times the sign of x where `odd`; 0 at x = 0 where that is no number. */
  | { readonly kind: 'power'; readonly exponent: number; readonly odd: boolean }
  /** 1 where x is not 0. */
  | { readonly kind: 'nonzero' }
  /** The sign of x where |x| is the level of the pair, else 0. */
  | { readonly kind: 'extreme' }
  /** The sign of x, and 0 where the level of the pair is 0. */
  | { readonly kind: 'sign' };

/** Whether a term depends on a number that each pair has beside its rows. */
export const hasLevels = ({ kind }: PairTerm): boolean => kind === 'extreme' || kind === 'sign';

/** Which of the operands a kernel has, beside the two that are subtracted. */
export interface PairShape {
  /** The instruction that takes the greatest term, where that is wanted instead of the sum. `pmax` passes over NaN. */
  readonly greatest: 'pmax' | 'max' | null;
  /** Whether each term is multiplied by a number beside the rows of the first operand, and of the second. */
  readonly scaledA: boolean;
  readonly scaledB: boolean;
}

/** What kernels are made for. */
interface PairSpec {
  readonly lane: FloatLane;
  readonly term: PairTerm;
  readonly shape: PairShape;
}

/**
 * Addresses in bytes, counts in elements. Blocks of `a` hold its rows one after another; blocks of `b` hold its
 * columns, each of `pitch` elements, so that as many of its rows as a vector has lanes are worked on at once. `pitch`
 * is a multiple of {@link pairGroup}.
 */
interface PairKernels {
  /**
   * For each row i of `a` and j of `b`: out[i, j] += the sum over columns d of term(a[i, d] - b[j, d]) scaleA[i, d]
   * scaleB[j, d].
   */
  dots(
    rows: number,
    pitch: number,
    depth: number,
    a: number,
    b: number,
    scaleA: number,
    scaleB: number,
    levels: number,
    out: number,
    exponent: number,
  ): void;
  /**
   * For each column d and row j of `b`: out[d, j] += the sum over rows i of `a` of term(b[j, d] - a[i, d]) weights[i,
   * j] scaleA[i, d].
   */
  sums(
    rows: number,
    pitch: number,
    depth: number,
    a: number,
    b: number,
    weights: number,
    scaleA: number,
    levels: number,
    out: number,
    exponent: number,
  ): void;
  /** Replaces `count` numbers at an address by their square roots; `count` is a multiple of {@link pairGroup}. */
  roots(count: number, address: number): void;
  /** All of some batches: see pair-drivers.ts. */
  allDots(...args: number[]): void;
  allSums(...args: number[]): void;
}

const unroll = 4;

/** The exponents that need no call. */
const exact = new Set([0, 1, 2, 3]);

function expressionOf(term: PairTerm): Expr {
  const [x, exponent, level] = [E.input(0), E.input(1), E.input(2)];
  const signOr = (otherwise: Expr | number): Expr =>
    E.select(E.or(E.eq(x, 0), E.isNaN(x)), otherwise, E.copysign(1, x));
  switch (term.kind) {
    case 'nonzero':
      return E.min(E.ceil(E.abs(x)), 1);
    case 'extreme':
      // A difference of infinities is NaN, as is x - x there: so the gradient is, as PyTorch's.
      return E.select(
        E.eq(E.sub(E.abs(x), level), 0),
        signOr(x),
        E.select(E.isNaN(level), Number.NaN, E.sub(x, x)),
      );
    case 'sign':
      return E.select(E.eq(level, 0), 0, signOr(x));
    default:
  }
  const size = E.abs(x);
  switch (term.exponent) {
    case 0:
      return term.odd ? signOr(x) : E.constant(1);
    case 1:
      return term.odd ? x : size;
    case 2:
      return term.odd ? E.mul(x, size) : E.mul(x, x);
    case 3:
      return E.mul(E.mul(x, x), term.odd ? x : size);
    default: {
      const power = E.select(E.eq(x, 0), 0, E.pow(size, exponent));
      return term.odd ? E.copysign(power, x) : power;
    }
  }
}

class PairEmitter {
  readonly f: FunctionBuilder;
  readonly lane: FloatLane;
  readonly vector: 'f32x4' | 'f64x2';
  readonly bytes: 4 | 8;
  private readonly expression: Expr;
  private readonly power: number;
  private readonly exponent: number;
  private readonly leveled: boolean;

  constructor(f: FunctionBuilder, lane: FloatLane, term: PairTerm, power: number, exponent: number) {
    this.f = f;
    this.lane = lane;
    this.vector = vectorOf(lane);
    this.bytes = bytesOfLane(lane);
    this.expression = expressionOf(term);
    this.power = power;
    this.leveled = hasLevels(term);
    this.exponent = f.local('v128');
    f.get(exponent).splatF64(lane).set(this.exponent);
  }

  /** Fresh locals for the vectors that are worked on at once. */
  group(): number[] {
    return range(unroll).map(() => this.f.local('v128'));
  }

  load(pointer: number, into: readonly number[]): void {
    into.forEach((local, u) => {
      this.f
        .get(pointer)
        .load('v128.load', 16 * u)
        .set(local);
    });
  }

  store(from: readonly number[], pointer: number): void {
    this.f.storeVectors(pointer, from);
  }

  /** Puts one number, in every lane, into a local. */
  loadSplat(pointer: number, into: number): void {
    this.f
      .get(pointer)
      .load(this.lane === 'f32' ? 'v128.load32_splat' : 'v128.load64_splat')
      .set(into);
  }

  op(name: 'add' | 'sub' | 'mul' | 'pmax' | 'max'): void {
    this.f.op(`${this.vector}.${name}`);
  }

  /** Replaces the difference in a local by its term. */
  term(x: number, level: number): void {
    const inputs = this.leveled ? [x, this.exponent, level] : [x, this.exponent];
    inlineExpression(this.f, this.lane, this.expression, inputs, () => this.power);
    this.f.set(x);
  }
}

/** A pointer to address `base` plus `distance` bytes, which stand in another local. */
function pointTo(f: FunctionBuilder, pointer: number, base: number, distance?: number): void {
  f.get(base);
  if (distance !== undefined) f.get(distance).op('i32.add');
  f.set(pointer);
}

const dotsParams = {
  ...i32Params('rows', 'pitch', 'depth', 'a', 'b', 'scaleA', 'scaleB', 'levels', 'out'),
  exponent: 'f64',
} as const;

/** Adds the terms of one column to the sums: `ofA` against a group of rows of b at `fromB`. */
function addDots(
  e: PairEmitter,
  { shape }: PairSpec,
  { sums, levels }: Readonly<Record<'sums' | 'levels', readonly number[]>>,
  { x, ofA, scale, fromB, scaleB }: Readonly<Record<'x' | 'ofA' | 'scale' | 'fromB' | 'scaleB', number>>,
): void {
  const { f } = e;
  sums.forEach((sum, u) => {
    f.get(ofA)
      .get(fromB)
      .load('v128.load', 16 * u);
    e.op('sub');
    f.set(x);
    e.term(x, levels[u]!);
    f.get(sum).get(x);
    if (shape.scaledA) {
      f.get(scale);
      e.op('mul');
    }
    if (shape.scaledB) {
      f.get(scaleB).load('v128.load', 16 * u);
      e.op('mul');
    }
    e.op(shape.greatest ?? 'add');
    f.set(sum);
  });
}

/** Runs `body` for each group of a row's `pitch` columns, which begins `along` bytes from the first. */
function eachGroup(
  { f, lane }: PairEmitter,
  pitch: number,
  { left, along }: Readonly<Record<'left' | 'along', number>>,
  body: () => void,
): void {
  f.i32Const(0).set(along);
  f.get(pitch).set(left);
  f.countdown(left, pairGroup(lane), () => {
    body();
    f.bump(along, { bytes: 16 * unroll });
  });
}

function emitDots(module: ModuleBuilder, spec: PairSpec, power: number): number {
  const { lane, term, shape } = spec;
  return module.define({ export: 'dots' }, dotsParams, (f, p) => {
    const e = new PairEmitter(f, lane, term, power, p.exponent);
    const groups = { sums: e.group(), levels: e.group() };
    const { x, ofA, scale } = f.locals('v128', 'x', 'ofA', 'scale');
    const { left, columns, along, rowBytes, pitchBytes } = f.locals(
      'i32',
      ...(['left', 'columns', 'along', 'rowBytes', 'pitchBytes'] as const),
    );
    const { fromA, fromB, scaleA, scaleB } = f.locals('i32', 'fromA', 'fromB', 'scaleA', 'scaleB');
    f.get(p.depth).i32Const(e.bytes).op('i32.mul').set(rowBytes);
    f.get(p.pitch).i32Const(e.bytes).op('i32.mul').set(pitchBytes);
    f.countdown(p.rows, 1, () => {
      eachGroup(e, p.pitch, { left, along }, () => {
        e.load(p.out, groups.sums);
        if (hasLevels(term)) e.load(p.levels, groups.levels);
        pointTo(f, fromA, p.a);
        pointTo(f, fromB, p.b, along);
        pointTo(f, scaleA, p.scaleA);
        pointTo(f, scaleB, p.scaleB, along);
        f.get(p.depth).set(columns);
        f.countdown(columns, 1, () => {
          e.loadSplat(fromA, ofA);
          if (shape.scaledA) e.loadSplat(scaleA, scale);
          addDots(e, spec, groups, { x, ofA, scale, fromB, scaleB });
          f.bump(fromA, { bytes: e.bytes });
          f.bump(scaleA, { bytes: e.bytes });
          f.bump(fromB, { local: pitchBytes });
          f.bump(scaleB, { local: pitchBytes });
        });
        e.store(groups.sums, p.out);
        for (const pointer of [p.out, p.levels]) f.bump(pointer, { bytes: 16 * unroll });
      });
      f.bump(p.a, { local: rowBytes });
      f.bump(p.scaleA, { local: rowBytes });
    });
  });
}

const sumsParams = {
  ...i32Params('rows', 'pitch', 'depth', 'a', 'b', 'weights', 'scaleA', 'levels', 'out'),
  exponent: 'f64',
} as const;

/** What is no number at 0, a power below 0, is left out there, whatever its weight is. */
const leavesOut = ({ term }: PairSpec): boolean => term.kind === 'power' && !exact.has(term.exponent);

/** Adds the weighted terms of one row of a to the sums: a group of columns of b against `ofA`. */
function addSums(
  e: PairEmitter,
  spec: PairSpec,
  { sums, ofB }: Readonly<Record<'sums' | 'ofB', readonly number[]>>,
  v: Readonly<Record<'x' | 'ofA' | 'scale' | 'level' | 'counts' | 'always' | 'weights' | 'levels', number>>,
): void {
  const { f } = e;
  sums.forEach((sum, u) => {
    f.get(ofB[u]!).get(v.ofA);
    e.op('sub');
    f.set(v.x);
    if (hasLevels(spec.term))
      f.get(v.levels)
        .load('v128.load', 16 * u)
        .set(v.level);
    if (leavesOut(spec))
      f.get(v.x).f64Splat(0).op(`${e.vector}.ne`).get(v.always).op('v128.or').set(v.counts);
    e.term(v.x, v.level);
    f.get(sum)
      .get(v.x)
      .get(v.weights)
      .load('v128.load', 16 * u);
    e.op('mul');
    if (spec.shape.scaledA) {
      f.get(v.scale);
      e.op('mul');
    }
    if (leavesOut(spec)) f.get(v.counts).op('v128.and');
    e.op('add');
    f.set(sum);
  });
}

function emitSums(module: ModuleBuilder, spec: PairSpec, power: number): number {
  const { lane, term, shape } = spec;
  return module.define({ export: 'sums' }, sumsParams, (f, p) => {
    const e = new PairEmitter(f, lane, term, power, p.exponent);
    const groups = { sums: e.group(), ofB: e.group() };
    const v = f.locals('v128', ...(['x', 'ofA', 'scale', 'level', 'counts', 'always'] as const));
    if (leavesOut(spec))
      f.get(p.exponent).f64Const(0).op('f64.lt').i32Const(1).op('i32.sub').op('i32x4.splat').set(v.always);
    const { left, rows, columns, along, rowBytes, pitchBytes } = f.locals(
      'i32',
      ...(['left', 'rows', 'columns', 'along', 'rowBytes', 'pitchBytes'] as const),
    );
    const { fromA, scaleA, weights, levels } = f.locals('i32', 'fromA', 'scaleA', 'weights', 'levels');
    f.get(p.depth).i32Const(e.bytes).op('i32.mul').set(rowBytes);
    f.get(p.pitch).i32Const(e.bytes).op('i32.mul').set(pitchBytes);
    f.get(p.depth).set(columns);
    f.countdown(columns, 1, () => {
      eachGroup(e, p.pitch, { left, along }, () => {
        e.load(p.out, groups.sums);
        e.load(p.b, groups.ofB);
        pointTo(f, fromA, p.a);
        pointTo(f, scaleA, p.scaleA);
        pointTo(f, weights, p.weights, along);
        pointTo(f, levels, p.levels, along);
        f.get(p.rows).set(rows);
        f.countdown(rows, 1, () => {
          e.loadSplat(fromA, v.ofA);
          if (shape.scaledA) e.loadSplat(scaleA, v.scale);
          addSums(e, spec, groups, { ...v, weights, levels });
          f.bump(fromA, { local: rowBytes });
          f.bump(scaleA, { local: rowBytes });
          f.bump(weights, { local: pitchBytes });
          f.bump(levels, { local: pitchBytes });
        });
        e.store(groups.sums, p.out);
        for (const pointer of [p.out, p.b]) f.bump(pointer, { bytes: 16 * unroll });
      });
      f.bump(p.a, { bytes: e.bytes });
      f.bump(p.scaleA, { bytes: e.bytes });
    });
  });
}

const compiled = memoized((key: string): PairKernels => {
  const spec = JSON.parse(key) as PairSpec;
  const module = new ModuleBuilder();
  const power = module.importFunction('pow', ['f64', 'f64'], ['f64']);
  const dots = emitDots(module, spec, power);
  const sums = emitSums(module, spec, power);
  const { lane, shape, term } = spec;
  definePairDrivers(module, { lane, dots, sums, power, ...shape, leveled: hasLevels(term) });
  return module.instantiate<PairKernels>({ pow: Math.pow });
});

/** The kernels for a term, compiled at their first use: one for all exponents that need a call. */
export function pairKernels(lane: FloatLane, term: PairTerm, shape: PairShape): PairKernels {
  const general = term.kind === 'power' && !exact.has(term.exponent);
  const spec: PairSpec = { lane, term: general ? { ...term, exponent: -1 } : term, shape };
  return compiled(JSON.stringify(spec));
}
