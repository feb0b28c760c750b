/** Sums of elementwise kernels of which each goes on from the last one's result, which stays where kernels work. */

import { bytesOf } from '../../dtype.ts';
import type { PlacedFunction } from '../compile/index.ts';
import { ElementwiseKernel } from '../elementwise/index.ts';
import { ensureSlots, paramsBase, slotBase } from '../elementwise/slots.ts';
import { recorder } from '../recording/index.ts';
import type { Strided } from '../strided/index.ts';
import { f32, f64 } from '../wasm/index.ts';
import { Bench, type Watched } from './bench.ts';
import { reduceKernels, sumOfProducts } from './reduce-kernels.ts';
import { BLOCK } from './row-kernels.ts';

/** A kernel of two results, of which the first is added up, and the second what the next kernel goes on from. */
export interface ChainedKernel {
  readonly kernel: ElementwiseKernel;
  /** What it takes beside what it goes on from, which comes first. */
  readonly inputs: readonly ChainedOperand[];
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

let bench: Bench | null = null;
let isTaken = false;

/** So many places are made at least, and twice as many as are needed at first: each change brings all anew. */
const leastPlaces = 16;

/** A bench for so many operands like this one; `null` where there is no room. */
function benchFor({ dtype, count }: Strided, needed: number): Bench | null {
  const pitch = Math.ceil((count * bytesOf(dtype)) / 64) * 64 + gap;
  if (needed * pitch > mostBytes) return null;
  if (bench !== null && bench.pitch === pitch && bench.places >= needed) return bench;
  bench?.giveBack();
  bench = null;
  try {
    bench = new Bench(pitch, Math.min(Math.floor(mostBytes / pitch), Math.max(leastPlaces, 2 * needed)));
  } catch (error) {
    // Links run one by one then, in memory that is there.
    if (!(error instanceof RangeError)) throw error;
  }
  return bench;
}

/** An operand, and what its memory tells of changes. */
export interface ChainedOperand extends Strided {
  readonly storage: Strided['storage'] & Watched;
}

/** A link, with the numbers of the operands that it takes. */
interface Link {
  readonly link: ChainedKernel;
  readonly operands: readonly number[];
}

/** Each operand once: what the first link goes on from, then inputs as links come to them. */
interface Operands {
  readonly all: readonly ChainedOperand[];
  readonly links: readonly Link[];
}

/** `null` where one is not dense, or lies in the memory of another, but elsewhere. */
function operandsOf(start: ChainedOperand, links: readonly ChainedKernel[]): Operands | null {
  const all: ChainedOperand[] = [];
  const numbers = new Map<Watched, number>();
  const numberOf = (x: ChainedOperand): number => {
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
 * sum. The bits are those of `sumElementwise`, but each operand is brought once (for an `owner`, unless it is there from
 * its last chain), and what links hand on stays. `null`, and nothing has been done, where operands do not lie as they
 * are brought, or are too large.
 */
export function chainSums(
  start: ChainedOperand,
  links: readonly ChainedKernel[],
  out: Strided,
  owner: object | null,
): number | null {
  const { dtype, count } = start;
  if ((dtype !== 'float32' && dtype !== 'float64') || count === 0 || recorder !== null || isTaken)
    return null;
  const operands = operandsOf(start, links);
  if (operands === null) return null;
  const bench = benchFor(start, operands.all.length + 1);
  if (bench === null) return null;
  bench.begin(owner);
  isTaken = true;
  try {
    return run(dtype, operands, out, bench);
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
    const whole = factor < 0 ? kernel : new ElementwiseKernel(name, arity, () => kernel.expressions.slice(1));
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

function run(dtype: FloatDType, { all, links }: Operands, out: Strided, bench: Bench): number {
  const { count } = out;
  const bytes = bytesOf(dtype);
  const lane = dtype === 'float64' ? 'f64' : 'f32';
  const { rows } = reduceKernels(lane, 'sum');
  const ofProducts = sumOfProducts(lane);
  ensureSlots(totalSlot + 1);
  const [values, total] = [slotBase(valuesSlot), slotBase(totalSlot)];
  const addresses: number[] = [];
  /** The address of an operand, which is there from now on: they come in order. */
  const bring = (operand: number): number => {
    if (operand < addresses.length) return addresses[operand] as number;
    const { storage, offset } = all[operand] as ChainedOperand;
    const { place, isThere } = bench.place(storage, offset, count);
    const address = bench.addressOf(place);
    addresses.push(address);
    if (isThere) return address;
    const from = storage.array;
    const to = dtype === 'float64' ? f64 : f32;
    const at = address / bytes;
    if (count <= fewElements) for (let i = 0; i < count; i++) to[at + i] = from[offset + i] as number;
    else to.set(from.length === count ? from : from.subarray(offset, offset + count), at);
    return address;
  };
  const result = bench.addressOf(0);
  let last = bring(0);
  let sum = 0;
  for (const { link, operands } of links) {
    const params = link.numbers(sum);
    const { placed, factor } = passOf(link.kernel, dtype);
    const inputs = operands.map(bring);
    const parameters = f64;
    for (let i = 0; i < params.length; i++) parameters[paramsBase / 8 + i] = params[i] as number;
    for (let done = 0; done < count; done += BLOCK) {
      const length = Math.min(BLOCK, count - done);
      const at = done * bytes;
      const goesOn = done === 0 ? 0 : 1;
      const shifted = inputs.map((address) => address + at);
      if (factor > 0) {
        placed(1, length, last + at, ...shifted, result + at);
        const distance = (inputs[factor - 1] as number) - result;
        ofProducts(1, length, result + at, total, distance, goesOn);
      } else {
        placed(1, length, last + at, ...shifted, values, result + at);
        rows(1, length, values, total, 0, goesOn);
      }
    }
    last = result;
    const found = f64[total / 8] as number;
    sum = dtype === 'float64' ? found : Math.fround(found);
  }
  const array = dtype === 'float64' ? f64 : f32;
  out.storage.array.set(array.subarray(last / bytes, last / bytes + count), out.offset);
  return sum;
}
