/** Convolutions of tensors: by the kernels, where they take such, in chunks of images; else element by element. */

import { type DType, isFloatingPoint, type TypedArray } from '../../dtype.ts';
import { elementsOf, fillStrided, scatterStrided } from '../elementwise/index.ts';
import { recorder, worksInJavaScript } from '../recording/index.ts';
import { copyRun, type FloatArray, type Strided, stridedOver } from '../strided/index.ts';
import { onThreads, worthThreads } from '../threads/index.ts';
import { align16, ensureBytes, type FloatLane, roomBehindScratch, scratchLimit } from '../wasm/index.ts';
import { bytesOfLane, scratchOf } from '../wasm/lanes.ts';
import { CONVOLUTION_SCRATCH } from './convolution-driver.ts';
import { type ConvolutionPlan, convolutionTypes, type Places, planOf } from './convolution-plan.ts';
import { type Geometry, volume } from './geometry.ts';
import { convolvePlain, type Wanted } from './plain.ts';

/**
 * Makes the wanted one of the other two, of its dtype; it is contiguous. `bias` is added, an element for each of its
 * channels.
 */
export function convolve(g: Geometry, wanted: Wanted, operands: Places<Strided>, bias: Strided | null): void {
  const result = operands[wanted];
  if (result.count === 0) return;
  const arrays: Places<TypedArray> = {
    x: elementsOf(operands.x),
    weight: elementsOf(operands.weight),
    y: elementsOf(operands.y),
  };
  const lane = laneFor(result.dtype);
  const isEmpty = Object.values(operands).some(({ count }) => count === 0);
  const plan = lane === null || isEmpty ? null : planOf(g, wanted, lane);
  if (recorder !== null && plan !== null) {
    record(wanted, arrays, result, bias, plan, g.batch);
    return;
  }
  worksInJavaScript('its kernel works on elements in JavaScript');
  const added = bias === null ? null : elementsOf(bias);
  if (lane === null || plan === null) convolvePlain(g, wanted, arrays, added);
  else runInChunks(g, wanted, arrays as Places<FloatArray>, added, lane, plan);
}

const laneFor = (dtype: DType): FloatLane | null =>
  isFloatingPoint(dtype) ? (dtype === 'float32' ? 'f32' : 'f64') : null;

/** Elements of an image of x, of the weights, and of an image of y. */
const countsOf = (g: Geometry): Places<number> => ({
  x: g.groups * g.channels * volume(g.size),
  weight: g.groups * g.filters * g.channels * volume(g.kernel),
  y: g.groups * g.filters * volume(g.out),
});

/** Bytes of images that are in scratch at a time, if one is not more. */
const CHUNK_BYTES = 1 << 21;

type Run = (args: number[]) => void;

/** In chunks of images. */
function runInChunks(
  g: Geometry,
  wanted: Wanted,
  arrays: Places<FloatArray>,
  bias: TypedArray | null,
  lane: FloatLane,
  plan: ConvolutionPlan,
): void {
  const bytes = bytesOfLane(lane);
  const counts = countsOf(g);
  const work = g.batch * counts.y * g.channels * volume(g.kernel);
  const { kernel, rows } = plan;
  const f = { kernel, types: convolutionTypes };
  // Several threads want images for each of them.
  const chunk = work < worthThreads ? CHUNK_BYTES : 4 * CHUNK_BYTES;
  const images = Math.max(1, Math.min(g.batch, Math.floor(chunk / ((counts.x + counts.y) * bytes))));
  const x = align16(counts.weight * bytes) + 64;
  const y = align16(x + images * counts.x * bytes) + 64;
  const needed = align16(y + images * counts.y * bytes) + 64;
  const isLarge = CONVOLUTION_SCRATCH + needed > scratchLimit;
  const chunks = (run: Run): void => {
    ensureBytes(CONVOLUTION_SCRATCH + (isLarge ? 0 : needed));
    const first = isLarge ? roomBehindScratch(needed) : CONVOLUTION_SCRATCH;
    const scratch = scratchOf(lane);
    const at = { x: first + x, weight: first, y: first + y };
    inChunks(g, wanted, arrays, bias, plan, at, images, scratch, run);
  };
  const copied = g.batch * (counts.x + counts.y);
  const mayShare = rows !== null && !isLarge && work >= worthThreads;
  if (!mayShare || !onThreads(work, copied, (byRows) => chunks((args) => byRows(f, args, rows))))
    chunks((args) => kernel(...args));
}

function inChunks(
  g: Geometry,
  wanted: Wanted,
  arrays: Places<FloatArray>,
  bias: TypedArray | null,
  plan: ConvolutionPlan,
  at: Places<number>,
  images: number,
  scratch: FloatArray,
  run: Run,
): void {
  const bytes = scratch.BYTES_PER_ELEMENT;
  const counts = countsOf(g);
  const bring = (which: Wanted, first: number, count: number): void =>
    copyRun(arrays[which], first, count, scratch, at[which] / bytes);
  if (wanted !== 'weight') bring('weight', 0, counts.weight);
  for (let n = 0; n < g.batch; n += images) {
    const batch = Math.min(images, g.batch - n);
    for (const which of ['x', 'y'] as const)
      if (which !== wanted) bring(which, n * counts[which], batch * counts[which]);
    const count = batch * counts[wanted];
    const start = at[wanted] / bytes;
    if (bias !== null) fillChannels(scratch, start, count, batch, bias);
    else if (plan.adds) scratch.fill(0, start, start + count);
    run(plan.args(batch, at, wanted === 'weight' ? n > 0 : bias !== null));
    if (wanted !== 'weight') copyRun(scratch, start, count, arrays[wanted], n * counts[wanted]);
  }
  if (wanted === 'weight') copyRun(scratch, at.weight / bytes, counts.weight, arrays.weight, 0);
}

/** Sets each channel of so many images to its number. */
function fillChannels(scratch: FloatArray, at: number, count: number, batch: number, bias: TypedArray): void {
  const plane = count / batch / bias.length;
  for (let i = 0; i < batch * bias.length; i++)
    scratch.fill(bias[i % bias.length] ?? 0, at + i * plane, at + (i + 1) * plane);
}

/** Takes the same down. */
function record(
  wanted: Wanted,
  arrays: Places<TypedArray>,
  result: Strided,
  bias: Strided | null,
  { kernel, adds, rows, args }: ConvolutionPlan,
  batch: number,
): void {
  if (recorder === null) return;
  const into = recorder;
  if (bias !== null) scatterStrided(overChannels(bias, result), result);
  else if (adds) fillStrided(result, 0);
  const written = arrays[wanted];
  const at = {
    x: into.address(arrays.x),
    weight: into.address(arrays.weight),
    y: into.address(arrays.y),
  };
  into.call('convolution', kernel, convolutionTypes, args(batch, at, bias !== null), {
    reads: Object.values(arrays).filter((array) => array !== written),
    writes: [written],
    keeps: bias !== null || adds ? [written] : [],
    ...(rows && { rows }),
  });
}

/** The bias as an operand that broadcasts to a result. */
function overChannels(bias: Strided, { shape }: Strided): Strided {
  const spatial = shape.slice(2);
  return stridedOver(bias.storage.array, bias.dtype, [bias.count, ...spatial.map(() => 1)], bias.offset, [
    bias.strides[0] ?? 1,
    ...spatial.map(() => 0),
  ]);
}
