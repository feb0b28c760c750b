/** Sums of elementwise kernels of which each goes on from the last one's result, which stays where kernels work. */

import { bytesOf } from '../../dtype.ts';
import type { PlacedFunction } from '../compile/index.ts';
import { ElementwiseKernel } from '../elementwise/index.ts';
import { ensureSlots, paramsBase, slotBase } from '../elementwise/slots.ts';
import { recorder } from '../recording/index.ts';
import type { Strided } from '../strided/index.ts';
import { f32, f64, Residence } from '../wasm/index.ts';
import { reduceKernels, sumOfProducts } from './reduce-kernels.ts';
import { BLOCK } from './row-kernels.ts';

/** A kernel of two results, of which the first is added up, and the second what the next kernel goes on from. */
export interface ChainedKernel {
  readonly kernel: ElementwiseKernel;
  /** What it takes beside what it goes on from, which comes first. */
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

/** Each operand once: what the first link goes on from, then inputs as links come to them. */
interface Operands {
  readonly all: readonly Strided[];
  readonly links: readonly Link[];
}

/** `null` where one is not dense, or lies in the memory of another, but elsewhere. */
function operandsOf(start: Strided, links: readonly ChainedKernel[]): Operands | null {
  const all: Strided[] = [];
  const numbers = new Map<Strided['storage'], number>();
  const numberOf = (x: Strided): number => {
    const known = numbers.get(x.storage);
    if (known !== undefined) return x.dense && all[known]?.offset === x.offset ? known : -1;
    if (!x.dense) return -1;
    numbers.set(x.storage, all.length);
    return all.push(x) - 1;
  };
  if (numberOf(start) < 0) return null;
  const found: Link[] = [];
  for (const link of links) {
    const operands = link.inputs.map(numberOf);
    if (operands.includes(-1)) return null;
    found.push({ link, operands });
  }
  return { all, links: found };
}

/**
 * Runs kernels over `start` and inputs of its shape and dtype, one after another, each with the numbers that follow from
 * the sum of the one before (of the first, from 0); stores what the last one leads to in the dense `out`, and gives its
 * sum. The bits are those of `sumElementwise`, but each operand is brought once, and what links hand on stays. `null`,
 * and nothing has been done, where operands do not lie as they are brought, or are too large.
 */
export function chainSums(start: Strided, links: readonly ChainedKernel[], out: Strided): number | null {
  const { dtype, count } = start;
  if ((dtype !== 'float32' && dtype !== 'float64') || count === 0 || recorder !== null || isTaken) return null;
  const operands = operandsOf(start, links);
  if (operands === null) return null;
  const pitch = pitchOf(start);
  const needed = (operands.all.length + 1) * pitch;
  if (needed > mostBytes) return null;
  if (bench === null || bench.bytes < needed) {
    bench?.giveBack();
    bench = new Residence(needed);
  }
  isTaken = true;
  try {
    return run(dtype, operands, out, bench.address, pitch);
  } finally {
    isTaken = false;
  }
}

type FloatDType = 'float32' | 'float64';

/** How a kernel is run. */
interface Pass {
  /** With the values that are added up in front of the result, or without them. */
  readonly placed: PlacedFunction;
  /** The operand that the result is multiplied by where the values are such products, which need no place then. */
  readonly factor: number;
}

const passes = { float32: new WeakMap<object, Pass>(), float64: new WeakMap<object, Pass>() };

function passOf(kernel: ElementwiseKernel, dtype: FloatDType): Pass {
  let pass = passes[dtype].get(kernel);
  if (pass === undefined) {
    const factor = factorOf(kernel);
    const { name, arity } = kernel;
    const whole =
      factor < 0 ? kernel : new ElementwiseKernel(name, arity, () => kernel.expressions.slice(1));
    pass = { placed: whole.placed(dtype), factor };
    passes[dtype].set(kernel, pass);
  }
  return pass;
}

/** The operand with which the second result of a kernel makes the first by a product, but for the first one; or -1. */
function factorOf({ expressions: [value, next] }: ElementwiseKernel): number {
  if (value?.op !== 'mul') return -1;
  const factor = value.args.find((x) => x !== next);
  const isProduct = factor?.op === 'input' && value.args.includes(next as typeof factor);
  return isProduct && factor.attribute !== 0 ? Number(factor.attribute) : -1;
}

/** Up to this many elements a loop beats the call of a built-in. */
const fewElements = 16;

function run(
  dtype: FloatDType,
  { all, links }: Operands,
  out: Strided,
  base: number,
  pitch: number,
): number {
  const { count } = out;
  const bytes = bytesOf(dtype);
  const lane = dtype === 'float64' ? 'f64' : 'f32';
  const { rows } = reduceKernels(lane, 'sum');
  const ofProducts = sumOfProducts(lane);
  ensureSlots(totalSlot + 1);
  const [values, total] = [slotBase(valuesSlot), slotBase(totalSlot)];
  let brought = 0;
  const bring = (operand: number): void => {
    if (operand < brought) return;
    brought = operand + 1;
    const { storage, offset } = all[operand] as Strided;
    const from = storage.array;
    const to = dtype === 'float64' ? f64 : f32;
    const at = (base + operand * pitch) / bytes;
    if (count <= fewElements) for (let i = 0; i < count; i++) to[at + i] = from[offset + i] as number;
    else to.set(from.length === count ? from : from.subarray(offset, offset + count), at);
  };
  bring(0);
  const result = all.length;
  let last = 0;
  let sum = 0;
  for (const { link, operands } of links) {
    const params = link.numbers(sum);
    const { placed, factor } = passOf(link.kernel, dtype);
    for (const operand of operands) bring(operand);
    const parameters = f64;
    for (let i = 0; i < params.length; i++) parameters[paramsBase / 8 + i] = params[i] as number;
    const [x = 0, next = 0] = operands;
    for (let done = 0; done < count; done += BLOCK) {
      const length = Math.min(BLOCK, count - done);
      const at = base + done * bytes;
      const [from, to] = [at + last * pitch, at + result * pitch];
      const goesOn = done === 0 ? 0 : 1;
      if (factor > 0) {
        if (operands.length === 2) placed(1, length, from, at + x * pitch, at + next * pitch, to);
        else placed(1, length, from, ...operands.map((operand) => at + operand * pitch), to);
        const other = operands[factor - 1] as number;
        ofProducts(1, length, to, total, (other - result) * pitch, goesOn);
      } else {
        placed(1, length, from, ...operands.map((operand) => at + operand * pitch), values, to);
        rows(1, length, values, total, 0, goesOn);
      }
    }
    last = result;
    const found = f64[total / 8] as number;
    sum = dtype === 'float64' ? found : Math.fround(found);
  }
  const array = dtype === 'float64' ? f64 : f32;
  const from = (base + last * pitch) / bytes;
  out.storage.array.set(array.subarray(from, from + count), out.offset);
  return sum;
}
