import { contiguousStrides, numelOf, type Shape } from '../../shape.ts';
import { type Strided, shareMemory, stridedOver } from '../strided/index.ts';
import { classifiedInner, classify, column, row, scattered } from '../strided/layouts.ts';

/** Fewer elements are not worth a call of a kernel. */
const leastBlock = 256;

/** An operand of a block: as it lies, from an offset that moves. */
interface Block extends Strided {
  offset: number;
}

/**
 * How many of the first dimensions have to be stepped through, so that what is left of each operand lies against the
 * last ones in one of the ways that kernels know; 0 where too little would be left. A product of each with each, (30,
 * 1, 30, 1) by (1, 30, 1, 30), is of such blocks.
 */
function crosswiseDims(inputs: readonly Strided[], shape: Shape, n: number): number {
  let count = n;
  for (let d = 1; d < shape.length; d++) {
    count /= shape[d - 1] as number;
    if (count < leastBlock) return 0;
    const block = shape.slice(d);
    let inner = 0;
    const fits = inputs.every((x) => {
      const layout = classify(blockOf(x, shape, d), block);
      if (layout !== row && layout !== column) return layout !== scattered;
      if (inner === 0) inner = classifiedInner;
      return inner === classifiedInner;
    });
    if (fits) return d;
  }
  return 0;
}

/** Dense operands need not have their strides at hand. */
const stridesOf = (x: Strided): readonly number[] => (x.dense ? contiguousStrides(x.shape) : x.strides);

/** The first block of an operand that is broadcast to `shape`: without the first `d` of its dimensions. */
function blockOf(x: Strided, shape: Shape, d: number): Block {
  const skipped = Math.max(0, d - (shape.length - x.shape.length));
  const strides = stridesOf(x).slice(skipped);
  return stridedOver(x.storage.array, x.dtype, x.shape.slice(skipped), x.offset, strides);
}

/**
 * Calls `run` for each block of operands that lie crosswise in their first dimensions only, where results may be stored
 * one after the other; `false` where there are no such blocks.
 */
export function eachBlock(
  inputs: readonly Strided[],
  outs: readonly Strided[],
  shape: Shape,
  n: number,
  run: (inputs: readonly Strided[], outs: readonly Strided[]) => void,
): boolean {
  for (const out of outs) {
    if (!out.dense || inputs.some((x) => shareMemory(x.storage.array, out.storage.array))) return false;
  }
  const d = crosswiseDims(inputs, shape, n);
  if (d === 0) return false;
  const operands = [...inputs, ...outs];
  const blocks = operands.map((x) => blockOf(x, shape, d));
  const [ofInputs, ofOuts] = [blocks.slice(0, inputs.length), blocks.slice(inputs.length)];
  const lead = shape.slice(0, d);
  const strides = operands.map((x) => {
    const missing = shape.length - x.shape.length;
    const own = stridesOf(x);
    return lead.map((_, i) => (i < missing || x.shape[i - missing] === 1 ? 0 : (own[i - missing] as number)));
  });
  const count = numelOf(lead);
  for (let number = 0; number < count; number++) {
    let rest = number;
    for (const [j, x] of operands.entries()) (blocks[j] as Block).offset = x.offset;
    for (let i = d - 1; i >= 0; i--) {
      const size = lead[i] as number;
      const index = rest % size;
      rest = (rest - index) / size;
      for (const [j, block] of blocks.entries())
        block.offset += index * ((strides[j] as number[])[i] as number);
    }
    run(ofInputs, ofOuts);
  }
  return true;
}
