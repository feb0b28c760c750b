/** Sums of elementwise kernels that change one operand in turn, which stays where kernels work until the last. */

import { bytesOf } from '../../dtype.ts';
import type { ElementwiseKernel } from '../elementwise/index.ts';
import { ensureSlots, paramsBase, slotBase } from '../elementwise/slots.ts';
import { recorder } from '../recording/index.ts';
import type { Strided } from '../strided/index.ts';
import { f32, f64, Residence } from '../wasm/index.ts';
import { reduceKernels } from './reduce-kernels.ts';
import { BLOCK } from './row-kernels.ts';

/** A kernel of two results, of which the first is added up, and the second the new value of the target. */
export interface ChainedKernel {
  readonly kernel: ElementwiseKernel;
  /** What it takes beside the target, which comes first. */
  readonly inputs: readonly Strided[];
  /** Its parameters, of the sum before. */
  numbers(sum: number): readonly number[];
}

/** Where a stretch of values waits to be added up, and their sum. */
const valuesSlot = 0;
const totalSlot = 1;
/** Beyond, what lies there would leave the caches of the processor between two uses. */
const mostBytes = 2 ** 23;
/** Kernels read and write up to a vector or two past the end; the odd size keeps operands from sharing cache sets. */
const gap = 320;

/** What the operands of a chain lie in: behind scratch, as the numbers of a link may be anybody's to work out. */
let bench: Residence | null = null;
let isTaken = false;

/** Bytes from one operand to the next. */
const pitchOf = ({ dtype, count }: Strided): number => Math.ceil((count * bytesOf(dtype)) / 64) * 64 + gap;

/** A link, with the numbers of the operands that it takes. */
interface Link {
  readonly link: ChainedKernel;
  readonly operands: readonly number[];
}

/** Each operand once: the target, then inputs as links come to them. */
interface Operands {
  readonly all: readonly Strided[];
  readonly links: readonly Link[];
}

/** `null` where one is not dense, or lies in the memory of another, but elsewhere. */
function operandsOf(target: Strided, links: readonly ChainedKernel[]): Operands | null {
  const all: Strided[] = [];
  const numbers = new Map<Strided['storage'], number>();
  const numberOf = (x: Strided): number => {
    const known = numbers.get(x.storage);
    if (known !== undefined) return x.dense && all[known]?.offset === x.offset ? known : -1;
    if (!x.dense) return -1;
    numbers.set(x.storage, all.length);
    return all.push(x) - 1;
  };
  if (numberOf(target) < 0) return null;
  const found: Link[] = [];
  for (const link of links) {
    const operands = link.inputs.map(numberOf);
    if (operands.includes(-1)) return null;
    found.push({ link, operands });
  }
  return { all, links: found };
}

/**
 * Runs kernels over a target and inputs of its shape and dtype, one after another, each with the numbers that follow
 * from the sum of the one before (of the first, from 0); gives the last sum. The bits are those of `sumElementwise`, but
 * operands are brought once, and the target is stored at the end. `null`, and nothing has been done, where operands do
 * not lie as they are brought, or are too large.
 */
export function chainSums(target: Strided, links: readonly ChainedKernel[]): number | null {
  const { dtype, count } = target;
  if ((dtype !== 'float32' && dtype !== 'float64') || count === 0 || recorder !== null || isTaken) return null;
  const operands = operandsOf(target, links);
  const pitch = pitchOf(target);
  if (operands === null || operands.all.length * pitch > mostBytes) return null;
  const needed = operands.all.length * pitch;
  if (bench === null || bench.bytes < needed) {
    bench?.giveBack();
    bench = new Residence(needed);
  }
  isTaken = true;
  try {
    return run(target, dtype, operands, bench.address, pitch);
  } finally {
    isTaken = false;
  }
}

/** Up to this many elements a loop beats the call of a built-in. */
const fewElements = 16;

function run(
  target: Strided,
  dtype: 'float32' | 'float64',
  { all, links }: Operands,
  base: number,
  pitch: number,
): number {
  const { count } = target;
  const bytes = bytesOf(dtype);
  const { rows } = reduceKernels(dtype === 'float64' ? 'f64' : 'f32', 'sum');
  ensureSlots(totalSlot + 1);
  const [values, total] = [slotBase(valuesSlot), slotBase(totalSlot)];
  let brought = 1;
  const bring = (operand: number): void => {
    const { storage, offset } = all[operand] as Strided;
    const from = storage.array;
    const to = dtype === 'float64' ? f64 : f32;
    const at = (base + operand * pitch) / bytes;
    if (count <= fewElements) for (let i = 0; i < count; i++) to[at + i] = from[offset + i] as number;
    else to.set(from.length === count ? from : from.subarray(offset, offset + count), at);
  };
  if (links.some(({ link, operands }, i) => operands.includes(0) || (i === 0 && link.kernel.reads.has(0))))
    bring(0);
  let sum = 0;
  for (const { link, operands } of links) {
    const params = link.numbers(sum);
    const placed = link.kernel.placed(dtype);
    for (const operand of operands) {
      if (operand < brought) continue;
      bring(operand);
      brought = operand + 1;
    }
    const parameters = f64;
    for (let i = 0; i < params.length; i++) parameters[paramsBase / 8 + i] = params[i] as number;
    const [x = 0, next = 0] = operands;
    for (let start = 0; start < count; start += BLOCK) {
      const length = Math.min(BLOCK, count - start);
      const at = base + start * bytes;
      if (operands.length === 2) placed(1, length, at, at + x * pitch, at + next * pitch, values, at);
      else placed(1, length, at, ...operands.map((operand) => at + operand * pitch), values, at);
      rows(1, length, values, total, 0, start === 0 ? 0 : 1);
    }
    const found = f64[total / 8] as number;
    sum = dtype === 'float64' ? found : Math.fround(found);
  }
  const from = base / bytes;
  const stored = (dtype === 'float64' ? f64 : f32).subarray(from, from + count);
  target.storage.array.set(stored, target.offset);
  return sum;
}
