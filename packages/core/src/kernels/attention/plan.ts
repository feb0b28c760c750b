/** Which kernels attention takes, in which blocks, and how it is cut for threads. */

import { type DType, isFloatingPoint } from '../../dtype.ts';
import { defineScalar } from '../compile/index.ts';
import { exp, log } from '../expression/index.ts';
import { gemmLanes, panelFunctions, TiledKernels } from '../gemm/index.ts';
import type { Split } from '../recording/index.ts';
import { align16, type Compiling, ensureBytes, type FloatLane, u8, type ValueType } from '../wasm/index.ts';
import { scratchOf } from '../wasm/lanes.ts';
import { attentionBackward } from './backward.ts';
import { attentionForward } from './forward.ts';
import {
  ATTENTION_SCRATCH,
  backwardParams,
  forwardParams,
  KEY_BYTES,
  MOST_KEYS,
  MOST_QUERIES,
  QUERY_BYTES,
} from './parameters.ts';

/**
 * Sizes and the manner of attention: of `batch` times `heads` heads of keys, with `group` heads of queries for each.
 */
export interface AttentionSizes {
  readonly batch: number;
  readonly heads: number;
  readonly group: number;
  readonly queries: number;
  readonly keys: number;
  readonly size: number;
  readonly valueSize: number;
  readonly isCausal: boolean;
  readonly scale: number;
}

/** The way of the kernels. */
type Way = 'forward' | 'backward';
type Kernel = (...args: number[]) => void;
type Kernels = Readonly<Record<Way, Kernel>>;

const kernels = /* @__PURE__ */ new TiledKernels<Kernels>((module, lane, size) => {
  const calls = { log: defineScalar(module, 'log', log), exp: defineScalar(module, 'exp', exp) };
  const t = { ...gemmLanes[lane], ...calls };
  const panels = panelFunctions(module, t, size);
  attentionForward(module, t, size, panels);
  attentionBackward(module, t, size, panels);
  return undefined;
});

const roundUp = (n: number): number => Math.ceil(n / 16) * 16;

/** Queries at a time where most blocks see but a part of the keys: the fewer, the less is worked out in vain. */
const CAUSAL_QUERIES = 24;
const FEW_QUERIES = 256;

/** Queries and keys at a time, of rows of these sizes. */
function blocksOf(size: number, valueSize: number, bytes: number): [queries: number, keys: number] {
  const [a, b] = [roundUp(size), roundUp(valueSize)];
  const queries = Math.floor(QUERY_BYTES / (Math.max(a, b) * bytes * 8)) * 8;
  const keys = Math.floor(KEY_BYTES / ((2 * a + b) * bytes * 16)) * 16;
  return [Math.min(MOST_QUERIES, queries), Math.min(MOST_KEYS, keys)];
}

/** Whether there are kernels for rows of these sizes. */
export const attentionFits = (size: number, valueSize: number, dtype: DType): boolean =>
  isFloatingPoint(dtype) &&
  blocksOf(size, valueSize, dtype === 'float32' ? 4 : 8).every((block) => block > 0);

/** An operand: an address, or what stands for one, and the bytes between batch entries, heads and rows. */
export interface Stack<A> {
  readonly at: A;
  readonly outer: number;
  readonly head: number;
  readonly row: number;
}

/** The operands of a way; `mask` holds numbers, or bools. */
export interface Operands<A> {
  readonly q: Stack<A>;
  readonly k: Stack<A>;
  readonly v: Stack<A>;
  readonly mask: Stack<A> | null;
  readonly out: Stack<A>;
  readonly statistics: A;
  /** On the way back: the gradient, and those that are wanted. */
  readonly back: readonly [g: Stack<A>, dq: Stack<A>, dk: Stack<A>, dv: Stack<A>] | null;
}

/** How kernels do it. */
export interface AttentionPlan {
  readonly kernel: Kernel;
  readonly types: readonly ValueType[];
  readonly rows: Split;
  /** The arguments for so many heads of keys. */
  args<A>(count: number, operands: Operands<A>, hasBools: boolean): (number | A)[];
}

const flat = <A>({ at, outer, head, row }: Stack<A>): (number | A)[] => [at, outer, head, row];

/** How attention is done, of elements of a lane, whose sizes {@link attentionFits}. */
export function planOf(s: AttentionSizes, way: Way, lane: FloatLane): AttentionPlan {
  const t = gemmLanes[lane];
  const params = way === 'forward' ? forwardParams(t) : backwardParams(t);
  const names = Object.keys(params);
  const [most, keys] = blocksOf(s.size, s.valueSize, t.bytes);
  const queries = s.isCausal && s.queries <= FEW_QUERIES ? Math.min(CAUSAL_QUERIES, most) : most;
  const products = way === 'forward' ? s.size + s.valueSize : 3 * s.size + 2 * s.valueSize;
  return {
    kernel: kernels.of(lane)[way],
    types: Object.values(params),
    rows: {
      count: names.indexOf('count'),
      steps: [[names.indexOf('first'), 1]],
      scratch: names.indexOf('scratch'),
      together: 1,
      work: (s.group * s.queries * s.keys * products) / (s.isCausal ? 2 : 1),
    },
    args: <A>(
      count: number,
      { q, k, v, mask, out, statistics, back }: Operands<A>,
      hasBools: boolean,
    ): (number | A)[] => [
      ...[0, count, s.heads, s.group, s.queries, s.keys, s.size, s.valueSize, queries, keys],
      ...[Number(s.isCausal), mask === null ? 0 : hasBools ? 2 : 1, 0],
      ...[q, k, v].flatMap((x) => flat<A>(x)),
      ...(mask === null ? [0, 0, 0, 0] : flat(mask)),
      ...flat(out),
      statistics,
      ...(back ?? []).flatMap((x) => flat<A>(x)),
      s.scale,
    ],
  };
}

/** Remainders of panels, tiles and blocks of every kind. */
const tried: AttentionSizes = {
  ...{ batch: 1, heads: 1, group: 1, queries: 71, keys: 301, size: 13, valueSize: 21 },
  ...{ isCausal: false, scale: 0.5 },
};

/** What kernels give of some numbers. */
function bytesOf(all: Kernels, lane: FloatLane): Uint8Array {
  const { bytes } = gemmLanes[lane];
  const room = align16(tried.keys * tried.valueSize * bytes) + 64;
  ensureBytes(ATTENTION_SCRATCH + 10 * room);
  const numbers = scratchOf(lane);
  const place = (i: number): number => ATTENTION_SCRATCH + i * room;
  const stack = (i: number, size: number): Stack<number> => ({
    at: place(i),
    outer: 0,
    head: 0,
    row: size * bytes,
  });
  for (let i = place(0) / bytes; i < place(10) / bytes; i++) numbers[i] = Math.sin(i);
  const { size, valueSize } = tried;
  const operands: Operands<number> = {
    ...{ q: stack(0, size), k: stack(1, size), v: stack(2, valueSize), mask: null },
    ...{ out: stack(3, valueSize), statistics: place(4), back: null },
  };
  const back = [stack(5, valueSize), stack(6, size), stack(7, size), stack(8, valueSize)] as const;
  all.forward(...planOf(tried, 'forward', lane).args(1, operands, false));
  all.backward(...planOf(tried, 'backward', lane).args(1, { ...operands, back }, false));
  return u8.slice(place(3), place(9));
}

/** Compiles the kernels by `compile`, and uses those of each lane from now on that give the same bits. */
export const useWideAttention = (compile: Compiling): void => kernels.useWide(compile, bytesOf);
