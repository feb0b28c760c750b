/** Convolutions of tensors: by the kernels, where they take such, in chunks of images; else element by element. */

import { type DType, isFloatingPoint, type TypedArray } from '../../dtype.ts';
import { elementsOf, fillStrided, scatterStrided } from '../elementwise/index.ts';
import { gemmLanes, narrowTile } from '../gemm/index.ts';
import { recorder, worksInJavaScript } from '../recording/index.ts';
import { copyRun, type FloatArray, type Strided, stridedOver } from '../strided/index.ts';
import {
  align16,
  ensureBytes,
  type FloatLane,
  f32,
  f64,
  instantiate,
  ModuleBuilder,
  memoized,
  scratchLimit,
} from '../wasm/index.ts';
import { CONVOLUTION_SCRATCH, convolutionParams, MOST_PLACES, PLANES_BYTES } from './convolution-driver.ts';
import { convolutionKernels } from './convolution-kernels.ts';
import { type Geometry, volume } from './geometry.ts';
import { convolvePlain, type Wanted } from './plain.ts';

/** What a convolution is about: x, weights and y, of which it makes one of the two others. */
export interface Operands {
  readonly x: Strided;
  readonly weight: Strided;
  readonly y: Strided;
}

type Kernel = (...args: number[]) => void;
type KernelName = Wanted | 'depthwiseX' | 'depthwiseY' | 'depthwiseWeight';

const depthwise = { x: 'depthwiseX', weight: 'depthwiseWeight', y: 'depthwiseY' } as const;
/** Filters of a group of one channel from which on products are faster. */
const MANY_FILTERS = 3;

const kernelFor = (lane: FloatLane, { channels, filters }: Geometry, wanted: Wanted): Kernel =>
  kernels(lane)[channels === 1 && filters < MANY_FILTERS ? depthwise[wanted] : wanted];

const kernels = memoized((lane: FloatLane): Readonly<Record<KernelName, Kernel>> => {
  const module = new ModuleBuilder();
  convolutionKernels(module, gemmLanes[lane], narrowTile);
  return instantiate(module.build());
});

const types = Object.values(convolutionParams);

/** How a kernel goes about a convolution, in numbers that it takes; `null` where it cannot. */
interface Plan {
  readonly slab: number;
  readonly block: number;
  readonly bare: number;
}

/** Places of the kernel up to which channels make a block. */
const PLACES = 256;

function planOf(g: Geometry, bytes: number): Plan | null {
  const places = volume(g.kernel);
  if (
    places > MOST_PLACES ||
    g.groups * g.channels * g.filters * g.batch * places * volume(g.out) * volume(g.size) === 0
  )
    return null;
  const most = Math.max(1, Math.floor(PLACES / places));
  const [, height, width] = ([0, 1, 2] as const).map((d) => reach(g, d, g.out[d])) as [
    number,
    number,
    number,
  ];
  if (g.padding.every((p) => p === 0)) return { slab: g.out[0], block: Math.min(most, g.channels), bare: 1 };
  const room = Math.floor(PLANES_BYTES / (height * width * bytes));
  // As much depth of one channel as there is room for, then as many channels.
  const deepest = Math.floor((room - reach(g, 0, 1)) / g.stride[0]) + 1;
  if (room < reach(g, 0, 1) || deepest < 1) return null;
  const slab = Math.min(g.out[0], deepest);
  const block = Math.max(1, Math.min(most, g.channels, Math.floor(room / reach(g, 0, slab))));
  return { slab, block, bare: 0 };
}

/** How far so many windows reach along a dimension. */
const reach = (g: Geometry, d: 0 | 1 | 2, windows: number): number =>
  (windows - 1) * g.stride[d] + (g.kernel[d] - 1) * g.dilation[d] + 1;

const numbersOf = (g: Geometry, batch: number, { slab, block, bare }: Plan): number[] => [
  ...[batch, g.groups, g.channels, g.filters, ...g.size, ...g.kernel, ...g.out],
  ...[...g.stride, ...g.padding, ...g.dilation, slab, block, bare, g.filters],
];

/** Makes the wanted one of the other two, of its dtype; it is contiguous. `bias` is added, an element for each of its channels. */
export function convolve(g: Geometry, wanted: Wanted, operands: Operands, bias: Strided | null): void {
  const { dtype } = operands[wanted];
  const lane = laneFor(dtype);
  const plan = lane === null ? null : planOf(g, lane === 'f32' ? 4 : 8);
  if (lane !== null && plan !== null) {
    if (recorder !== null) {
      recordConvolution(g, wanted, operands, bias, lane, plan);
      return;
    }
    if (runConvolution(g, wanted, operands, bias, lane, plan)) return;
  }
  if (recorder !== null && operands[wanted].count === 0) return;
  worksInJavaScript('its kernel works on elements in JavaScript');
  const [x, weight, y] = [operands.x, operands.weight, operands.y].map(elementsOf) as [
    TypedArray,
    TypedArray,
    TypedArray,
  ];
  convolvePlain(g, wanted, { x, weight, y }, bias === null ? null : elementsOf(bias));
}

const laneFor = (dtype: DType): FloatLane | null =>
  isFloatingPoint(dtype) ? (dtype === 'float32' ? 'f32' : 'f64') : null;

/** Elements of an image of x, of the weights, and of an image of y. */
const countsOf = (g: Geometry): Readonly<Record<Wanted, number>> => ({
  x: g.groups * g.channels * volume(g.size),
  weight: g.groups * g.filters * g.channels * volume(g.kernel),
  y: g.groups * g.filters * volume(g.out),
});

/** Bytes of images that are in scratch at a time, if one is not more. */
const CHUNK_BYTES = 1 << 21;

/** In chunks of images; `false` where there is no room for one. */
function runConvolution(
  g: Geometry,
  wanted: Wanted,
  operands: Operands,
  bias: Strided | null,
  lane: FloatLane,
  plan: Plan,
): boolean {
  const bytes = lane === 'f32' ? 4 : 8;
  const counts = countsOf(g);
  const images = Math.max(1, Math.min(g.batch, Math.floor(CHUNK_BYTES / ((counts.x + counts.y) * bytes))));
  const weightAt = CONVOLUTION_SCRATCH;
  const xAt = align16(weightAt + counts.weight * bytes) + 64;
  const yAt = align16(xAt + images * counts.x * bytes) + 64;
  const end = align16(yAt + images * counts.y * bytes) + 64;
  if (end > scratchLimit) return false;
  const kernel = kernelFor(lane, g, wanted);
  const arrays = [operands.x, operands.weight, operands.y].map(elementsOf) as [
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  const [x, weight, y] = arrays;
  const added = bias === null ? null : elementsOf(bias);
  ensureBytes(end);
  const scratch = lane === 'f32' ? f32 : f64;
  const place = { x: xAt / bytes, y: yAt / bytes };
  if (wanted !== 'weight') copyRun(weight, 0, counts.weight, scratch, weightAt / bytes);
  for (let n = 0; n < g.batch; n += images) {
    const batch = Math.min(images, g.batch - n);
    if (wanted !== 'x') copyRun(x, n * counts.x, batch * counts.x, scratch, place.x);
    if (wanted !== 'y') copyRun(y, n * counts.y, batch * counts.y, scratch, place.y);
    if (wanted !== 'weight') startWith(scratch, place[wanted], batch * counts[wanted], batch, added, wanted);
    const accumulate = wanted === 'weight' ? n > 0 : added !== null;
    kernel(...numbersOf(g, batch, plan), xAt, weightAt, yAt, Number(accumulate), 0);
    if (wanted === 'x') copyRun(scratch, place.x, batch * counts.x, x, n * counts.x);
    else if (wanted === 'y') copyRun(scratch, place.y, batch * counts.y, y, n * counts.y);
  }
  if (wanted === 'weight') copyRun(scratch, weightAt / bytes, counts.weight, weight, 0);
  return true;
}

/** What the kernel adds to: the bias, and on the way to x zeros. */
function startWith(
  scratch: FloatArray,
  at: number,
  count: number,
  batch: number,
  bias: TypedArray | null,
  wanted: Wanted,
): void {
  if (bias === null) {
    if (wanted === 'x') scratch.fill(0, at, at + count);
    return;
  }
  const plane = count / batch / bias.length;
  for (let i = 0; i < batch * bias.length; i++)
    scratch.fill(bias[i % bias.length] ?? 0, at + i * plane, at + (i + 1) * plane);
}

/** Takes the same down. */
function recordConvolution(
  g: Geometry,
  wanted: Wanted,
  operands: Operands,
  bias: Strided | null,
  lane: FloatLane,
  plan: Plan,
): void {
  if (recorder === null) return;
  const into = recorder;
  const [x, weight, y] = [operands.x, operands.weight, operands.y].map(elementsOf) as [
    TypedArray,
    TypedArray,
    TypedArray,
  ];
  const result = operands[wanted];
  const started = bias !== null || wanted === 'x';
  if (bias !== null) scatterStrided(overChannels(bias, result), result);
  else if (wanted === 'x') fillStrided(result, 0);
  const all = { x, weight, y };
  const written = all[wanted];
  const reads = (['x', 'weight', 'y'] as const).filter((name) => name !== wanted).map((name) => all[name]);
  into.call(
    'convolution',
    kernelFor(lane, g, wanted),
    types,
    [
      ...numbersOf(g, g.batch, plan),
      into.address(x),
      into.address(weight),
      into.address(y),
      Number(bias !== null),
      0,
    ],
    { reads, writes: [written], keeps: started ? [written] : [] },
  );
}

/** The bias as an operand that broadcasts to a result. */
const overChannels = (bias: Strided, { shape }: Strided): Strided =>
  stridedOver(bias.storage.array, bias.dtype, [bias.count, ...shape.slice(2).map(() => 1)], bias.offset, [
    bias.strides[0] ?? 1,
    ...shape.slice(2).map(() => 0),
  ]);
