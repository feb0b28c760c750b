/** What the loops of attention share: their parameters, scratch, and how they go through heads and blocks. */

import { type GemmLane, MOST_TILE_ROWS, type panelFunctions, type TileSize } from '../gemm/index.ts';
import type { RowConfig } from '../rows/row-emitter.ts';
import { type Formula, is, minus, plus, times } from '../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, type ParametersOf } from '../wasm/index.ts';

/** What differs between f32 and f64. */
export type AttentionLane = GemmLane & RowConfig;

/** A product by packed panels, and what packs them. */
export type Panels = ReturnType<typeof panelFunctions>;

/** A stack of matrices whose rows are contiguous: its address, and the bytes between batch entries, heads and rows. */
const stack = <N extends string>(name: N) => [name, `${name}Outer`, `${name}Head`, `${name}Row`] as const;

const sizes = [
  ...(['first', 'count', 'heads', 'group', 'length', 'keys', 'size', 'valueSize'] as const),
  ...(['rows', 'block', 'causal', 'mask', 'scratch'] as const),
] as const;

const given = [
  ...sizes,
  ...stack('q'),
  ...stack('k'),
  ...stack('v'),
  ...stack('added'),
  ...stack('out'),
  'statistics',
] as const;

/**
 * What the kernel takes: it does `count` heads of keys from number `first` on, of `heads` in each batch entry, each of
 * which serves `group` heads of queries; how many queries and keys there are, and the sizes of their rows and of the
 * values'; on how many queries and keys it works at a time; whether a query sees the keys up to its own number alone;
 * what `added` holds: 0 nothing, 1 numbers, 2 bools; the operands, and two numbers for each query, which lie side by
 * side; the factor of the scores.
 */
export const forwardParams = (t: GemmLane) => ({ ...i32Params(...given), scale: t.lane }) as const;

/** The same, with the gradient to the result, and the gradients that are wanted. */
export const backwardParams = (t: GemmLane) =>
  ({
    ...i32Params(...given, ...stack('g'), ...stack('dq'), ...stack('dk'), ...stack('dv')),
    scale: t.lane,
  }) as const;

/** The kind of `added` whose elements are bools; numbers are 1, nothing is 0. */
export const BOOLS = 2;

/** Queries, and keys, at a time, at most. */
export const MOST_QUERIES = 64;
export const MOST_KEYS = 256;
/** What lies between rows in scratch: a stride of 2^n would bring all of them into few sets of a cache. */
const GAP = 64;
/** Bytes for keys and values as panels, and for queries and gradients. */
export const KEY_BYTES: number = 3 << 17;
export const QUERY_BYTES: number = 1 << 17;
/**
 * Two float64 numbers for each query at work: the greatest score so far, and the sum of the exponentials of what they
 * lack of it.
 */
export const STATE_BYTES = 16;

/** Bytes from a row of scores to the next. */
export const scorePitch = (t: GemmLane): number => MOST_KEYS * t.bytes + GAP;

/** Where parts of scratch begin. */
export const STATE_AT: number = MOST_TILE_ROWS * 64;
export const KEYS_AT: number = STATE_AT + MOST_QUERIES * STATE_BYTES;
export const QUERIES_AT: number = KEYS_AT + KEY_BYTES;
export const SCORES_AT: number = QUERIES_AT + QUERY_BYTES;
export const slopesAt = (t: GemmLane): number => SCORES_AT + MOST_QUERIES * scorePitch(t);
/** Scratch of a kernel: as much as threads have. */
export const ATTENTION_SCRATCH: number = 1 << 20;

type Given = ParametersOf<Record<(typeof given)[number], 'i32'>>;
type Name = 'q' | 'k' | 'v' | 'added' | 'out' | 'g' | 'dq' | 'dk' | 'dv';

/** How rows are multiplied. */
interface Manner {
  readonly scaled: boolean;
  readonly accumulate: Formula;
  readonly product?: number;
}

/** Emits how a loop goes through its heads, with the products that it makes. */
export class Driver<P extends Given & { readonly scale: number }> {
  readonly f: FunctionBuilder;
  readonly p: P;
  readonly t: AttentionLane;
  /**
   * Numbers of the head of keys, the batch entry, the heads in it and the head of queries; the first query and key at
   * work, and how many.
   */
  readonly at: Readonly<Record<'u' | 'n' | 'h' | 'part' | 'head' | 'i' | 'j' | 'queries' | 'keys', number>>;
  readonly panelWidth: number;
  readonly #product: number;

  constructor(f: FunctionBuilder, p: P, t: AttentionLane, size: TileSize, product: number) {
    this.f = f;
    this.p = p;
    this.t = t;
    this.at = f.locals('i32', ...(['u', 'n', 'h', 'part', 'head', 'i', 'j', 'queries', 'keys'] as const));
    this.panelWidth = 16 * size.vectors;
    this.#product = product;
  }

  /** A place in scratch. */
  readonly scratch = (at: number): Formula => plus(this.p.scratch, is(at));

  /** Heads of keys. */
  eachHead(body: () => void): void {
    const { f, p, at } = this;
    f.upTo(at.u, p.count, is(1), () => {
      f.push(plus(p.first, at.u)).get(p.heads).op('i32.div_s').set(at.n);
      f.push(plus(p.first, at.u)).get(p.heads).op('i32.rem_s').set(at.h);
      body();
    });
  }

  /** Heads of queries that share one of keys. */
  eachPart(body: () => void): void {
    const { f, p, at } = this;
    f.upTo(at.part, p.group, is(1), () => {
      f.push(plus(times(at.h, p.group), at.part)).set(at.head);
      body();
    });
  }

  /** Runs `body` for blocks of queries from the one that holds number `from` on. */
  eachQueries(from: Formula, body: () => void): void {
    const { f, p, at } = this;
    f.push(from).set(at.i);
    f.push(['i32.lt_s', at.i, p.length]).if();
    const again = f.loop();
    f.putLeast(at.queries, minus(p.length, at.i), p.rows);
    body();
    f.push(plus(at.i, p.rows)).tee(at.i).get(p.length).op('i32.lt_s').brIf(again);
    f.end().end();
  }

  /** Where the matrix of a head lies, from a row on: of keys and values in their own heads. */
  matrix(name: Name, row: Formula): Formula {
    const { p, at } = this;
    const of = p as unknown as Readonly<Record<string, number>>;
    const local = (part: string): number => of[`${name}${part}`] ?? 0;
    const head = ['k', 'v', 'dk', 'dv'].includes(name) ? at.h : at.head;
    return plus(local(''), times(at.n, local('Outer')), times(head, local('Head')), times(row, local('Row')));
  }

  /** Where the two numbers of a query lie. */
  statistics(row: Formula): Formula {
    const { p, at, t } = this;
    const head = plus(times(at.n, p.heads, p.group), at.head);
    return plus(p.statistics, times(plus(times(head, p.length), row), is(2 * t.bytes)));
  }

  /**
   * Takes rows, or by another product columns, past panels of `depth` rows: result = factor * rows @ panels, added to
   * what is there where `accumulate`.
   */
  multiply(
    [rows, columns, depth]: readonly [Formula, Formula, Formula],
    [from, row]: readonly [Formula, Formula],
    [panels, panelDepth]: readonly [Formula, Formula],
    [to, toRow]: readonly [Formula, Formula],
    { scaled, accumulate, product = this.#product }: Manner,
  ): void {
    const { f, p, t, panelWidth } = this;
    const args = [rows, columns, depth, from, row, panels, is(panelWidth), times(panelDepth, is(panelWidth))];
    for (const arg of [...args, to, toRow]) f.push(arg);
    if (scaled) f.get(p.scale);
    else if (t.lane === 'f32') f.f32Const(1);
    else f.f64Const(1);
    f.push(accumulate).push(p.scratch).call(product);
  }

  /** The scores of the queries at work by the keys at work, of which panels lie in scratch. */
  putScores(): void {
    const { p, at, t } = this;
    this.multiply(
      [at.queries, at.keys, p.size],
      [this.matrix('q', at.i), p.qRow],
      [this.scratch(KEYS_AT), p.size],
      [this.scratch(SCORES_AT), is(scorePitch(t))],
      { scaled: true, accumulate: is(0) },
    );
  }

  /** Calls a function for each query at work, with its number in the block. */
  eachRow(counter: number, body: () => void): void {
    this.f.upTo(counter, this.at.queries, is(1), body);
  }

  /** How many of the keys from `j` on query number `r` of the block sees, of at most `keys`. */
  putSeen(seen: number, r: number): void {
    const { f, p, at } = this;
    f.get(at.keys).set(seen);
    f.get(p.causal).if();
    f.putLeast(seen, minus(plus(at.i, r, is(1)), at.j), at.keys);
    f.i32Const(0).get(seen).get(seen).i32Const(0).op('i32.lt_s').op('select').set(seen);
    f.end();
  }

  /** Adds what the mask says to the scores of query number `r` of the block. */
  addMask(callee: number, seen: number, row: Formula, r: number): void {
    const { f, p, at, t } = this;
    f.get(p.mask).if();
    const bytes = ['i32.sub', is(t.bytes), times(['i32.eq', p.mask, is(BOOLS)], is(t.bytes - 1))] as const;
    const first = plus(this.matrix('added', plus(at.i, r)), times(at.j, bytes));
    f.call(callee, [seen, row, first, p.mask]);
    f.end();
  }
}
