/**
 * Kernels compiled for vectors of 256 bits: tried against those at work, and put in their place where they are faster.
 */

import { align16, type Compiling, ensureBytes, type FloatLane, u8 } from '../wasm/index.ts';
import { bytesOfLane, scratchOf } from '../wasm/lanes.ts';
import { type GemmKernels, gemmKernels, SCRATCH_BYTES } from './gemm-kernels.ts';

/** What a trial of wide kernels found. */
export interface WideTrial {
  /** Whether every product had the same bits. */
  readonly same: boolean;
  /** How many times as fast a product of moderate size was. */
  readonly speedup: number;
  /** Whether products are computed by them from now on. */
  readonly used: boolean;
}

/** Less is not worth what is experimental. */
const LEAST_SPEEDUP = 1.2;
const lanes = ['f32', 'f64'] as const;
const forms = ['rowsByRows', 'rowsByColumns', 'columnsByRows', 'columnsByColumns'] as const;
/** m, n and k, such that there are remainders of tiles, panels, groups and blocks of every kind. */
const sizes = [
  [1, 150, 30],
  [2, 43, 9],
  [7, 43, 300],
  [197, 136, 21],
  [10, 290, 18],
  [400, 20, 9],
] as const;
/** Rows, columns and steps of the product that is timed. */
const TIMED = 128;
/** Long enough for the engine to have optimized the kernels at work. */
const TIMED_MS = 40;

/** Where operands lie for a trial; they are as large as those of the largest product. */
function prepare(lane: FloatLane): { a: number; b: number; c: number; bytes: number } {
  const bytes = bytesOfLane(lane);
  const most = Math.max(TIMED * TIMED, ...sizes.map(([m, n, k]) => Math.max(m * k, k * n, m * n)));
  const room = align16(most * bytes + 64);
  const a = align16(SCRATCH_BYTES);
  ensureBytes(a + 3 * room);
  const numbers = scratchOf(lane);
  for (let i = a / bytes; i < (a + 3 * room) / bytes; i++) numbers[i] = Math.sin(i);
  return { a, b: a + room, c: a + 2 * room, bytes };
}

/** Whether kernels give the same bits as those at work. */
function agree(lane: FloatLane, made: GemmKernels): boolean {
  const { a, b, c, bytes } = prepare(lane);
  for (const form of forms) {
    for (const [m, n, k] of sizes) {
      const aStride = bytes * (form.startsWith('rows') ? k : m);
      const bStride = bytes * (form.endsWith('Rows') ? n : k);
      const [wide, narrow] = [made, gemmKernels.of(lane)].map((kernels) => {
        const at = c / bytes;
        for (let i = at; i < at + m * n; i++) scratchOf(lane)[i] = Math.cos(i);
        kernels[form](m, n, k, a, aStride, b, bStride, c, 0.5, 1, 0);
        return u8.slice(c, c + m * n * bytes);
      });
      if (wide === undefined || narrow === undefined || wide.some((byte, i) => byte !== narrow[i]))
        return false;
    }
  }
  return true;
}

/** How many times as fast as the kernels at work others are: in turns, by the least time of each. */
function speedupOf(made: GemmKernels, now: () => number): number {
  const { a, b, c, bytes } = prepare('f32');
  const stride = bytes * TIMED;
  const both = [gemmKernels.of('f32'), made].map(({ rowsByRows }) => ({ rowsByRows, least: Infinity }));
  const start = now();
  while (now() - start < TIMED_MS) {
    for (const one of both) {
      const begun = now();
      one.rowsByRows(TIMED, TIMED, TIMED, a, stride, b, stride, c, 1, 0, 0);
      one.least = Math.min(one.least, now() - begun);
    }
  }
  const [narrow, wide] = both.map(({ least }) => least);
  return (narrow ?? 0) / (wide ?? 1);
}

/**
 * Compiles all products by `compile`, and uses them where they give the same bits in less time; `now` is a clock, in
 * ms.
 */
export function tryWideProducts(compile: Compiling, now: () => number): WideTrial {
  const made = lanes.map((lane) => [lane, gemmKernels.compile(lane, compile)] as const);
  const same = made.every(([lane, kernels]) => agree(lane, kernels));
  const speedup = Math.max(
    ...made.filter(([lane]) => lane === 'f32').map(([, kernels]) => speedupOf(kernels, now)),
  );
  const used = same && speedup >= LEAST_SPEEDUP;
  if (used) for (const [lane, kernels] of made) gemmKernels.use(lane, kernels);
  return { same, speedup, used };
}
