/** Which kernel serves a convolution, what it is given, and how it is cut for threads. */

import { gemmLanes, narrowTile, TiledKernels } from '../gemm/index.ts';
import type { Split } from '../recording/index.ts';
import { align16, type Compiling, ensureBytes, type FloatLane, u8 } from '../wasm/index.ts';
import { bytesOfLane, scratchOf } from '../wasm/lanes.ts';
import { CONVOLUTION_SCRATCH, convolutionParams, MOST_PLACES, PLANES_BYTES } from './convolution-driver.ts';
import { convolutionKernels } from './convolution-kernels.ts';
import { type Geometry, volume } from './geometry.ts';
import type { Wanted } from './plain.ts';

/** A kernel of {@link convolutionParams}. */
type ConvolutionKernel = (...args: number[]) => void;
type KernelName = Wanted | 'depthwiseX' | 'depthwiseY' | 'depthwiseWeight';

/** Where the elements of x, weights and y lie. */
export type Places<A> = Readonly<Record<Wanted, A>>;

/** How a convolution is done. */
export interface ConvolutionPlan {
  readonly kernel: ConvolutionKernel;
  /** Whether the kernel adds to what lies there, zeros or the bias, in any case. */
  readonly adds: boolean;
  /** The arguments for so many images, where operands and scratch lie at addresses. */
  args<A>(batch: number, at: Places<A>, accumulate: boolean): (number | A)[];
  /** How a call is cut; `null`: it is not. */
  readonly rows: Split | null;
}

/** Types of the arguments. */
export const convolutionTypes = Object.values(convolutionParams);

type Kernels = Readonly<Record<KernelName, ConvolutionKernel>>;

const kernels = /* @__PURE__ */ new TiledKernels<Kernels>((module, lane, size) => {
  convolutionKernels(module, gemmLanes[lane], size);
  return undefined;
});

/** Remainders of panels and tiles of every kind. */
const tried: Geometry = {
  ...{ batch: 2, groups: 1, channels: 31, filters: 7 },
  ...{ size: [9, 1, 11], kernel: [3, 1, 3], out: [9, 1, 11] },
  ...{ stride: [1, 1, 1], padding: [1, 0, 1], dilation: [1, 1, 1] },
};

/** What the kernels that multiply give of some numbers, one behind the other. */
function bytesOf(all: Kernels, lane: FloatLane): Uint8Array {
  const bytes = bytesOfLane(lane);
  const room = align16(tried.batch * tried.channels * tried.filters * volume(tried.size) * bytes);
  const at = {
    x: CONVOLUTION_SCRATCH,
    weight: CONVOLUTION_SCRATCH + room,
    y: CONVOLUTION_SCRATCH + 2 * room,
  };
  ensureBytes(CONVOLUTION_SCRATCH + 3 * room);
  const numbers = scratchOf(lane);
  const portions = portionsOf(tried, bytes) ?? [1, 1, 0];
  const given = new Uint8Array(3 * room);
  for (const [k, wanted] of (['x', 'weight', 'y'] as const).entries()) {
    for (let i = CONVOLUTION_SCRATCH / bytes; i < (at.y + room) / bytes; i++) numbers[i] = Math.sin(i);
    all[wanted](...argumentsOf(tried, tried.batch, portions, null), at.x, at.weight, at.y, 0, 0);
    given.set(u8.subarray(at[wanted], at[wanted] + room), k * room);
  }
  return given;
}

/** Compiles the kernels by `compile`, and uses those of each lane from now on that give the same bits. */
export const useWideConvolutions = (compile: Compiling): void => kernels.useWide(compile, bytesOf);

const depthwise = { x: 'depthwiseX', weight: 'depthwiseWeight', y: 'depthwiseY' } as const;
/** Filters of a group of one channel from which on products are faster. */
const MANY_FILTERS = 3;
/** Places of the kernel that make a block, if those of one channel are not more. */
const PLACES = 256;

/** Channels of x, and elements of each, from which on it takes less time to turn weights than to add up columns. */
const MANY_CHANNELS = 12;
const MANY_ELEMENTS = 200;

/**
 * x of y and weights as y of x and weights of the opposite way, where windows lie side by side; `null` where they do
 * not, or that is slower.
 */
function turned(g: Geometry): Geometry | null {
  const [depth, height, width] = ([0, 1, 2] as const).map(
    (d) => g.dilation[d] * (g.kernel[d] - 1) - g.padding[d],
  ) as [number, number, number];
  if (g.stride.some((s) => s !== 1) || Math.min(depth, height, width) < 0) return null;
  const isDepthwise = g.channels === 1 && g.filters === 1;
  if (!isDepthwise && (g.channels < MANY_CHANNELS || volume(g.size) < MANY_ELEMENTS)) return null;
  if (volume(g.kernel) > PLACES) return null;
  const { channels, filters, size, out } = g;
  return {
    ...g,
    channels: filters,
    filters: channels,
    size: out,
    out: size,
    padding: [depth, height, width],
  };
}

/** How far so many windows reach along a dimension. */
const reach = (g: Geometry, d: 0 | 1 | 2, windows: number): number =>
  (windows - 1) * g.stride[d] + (g.kernel[d] - 1) * g.dilation[d] + 1;

/** `slab`, `block` and `bare` of the kernels' parameters; `null` where none will do. */
function portionsOf(g: Geometry, bytes: number): [slab: number, block: number, bare: number] | null {
  const places = volume(g.kernel);
  if (places > MOST_PLACES) return null;
  const most = Math.max(1, Math.min(g.channels, Math.floor(PLACES / places)));
  // Windows that are turned round may reach beyond what there is without padding: output padding asks for them.
  const isWhole = ([0, 1, 2] as const).every((d) => g.padding[d] === 0 && reach(g, d, g.out[d]) <= g.size[d]);
  if (isWhole) return [g.out[0], most, 1];
  const room = Math.floor(PLANES_BYTES / (reach(g, 1, g.out[1]) * reach(g, 2, g.out[2]) * bytes));
  // As much depth of one channel as there is room for, then as many channels.
  const deepest = Math.floor((room - reach(g, 0, 1)) / g.stride[0]) + 1;
  if (room < reach(g, 0, 1)) return null;
  const slab = Math.min(g.out[0], deepest);
  return [slab, Math.max(1, Math.min(most, Math.floor(room / reach(g, 0, slab)))), 0];
}

type Portions = NonNullable<ReturnType<typeof portionsOf>>;

/** The arguments before the addresses; with portions of the opposite way, where that is what is wanted. */
const argumentsOf = (g: Geometry, batch: number, portions: Portions, opposite: Portions | null): number[] => [
  ...[batch, g.groups, g.channels, g.filters, ...g.size, ...g.kernel, ...g.out],
  ...[...g.stride, ...g.padding, ...g.dilation, ...portions, g.filters],
  ...[Number(opposite !== null), ...(opposite ?? [0, 0, 0])],
];

const names = Object.keys(convolutionParams);
const place = (name: keyof typeof convolutionParams): number => names.indexOf(name);

/** By images; on the way to weights, which all images add to, by filters. */
function rowsOf(g: Geometry, kernel: KernelName, bytes: number): Split | null {
  const work = g.filters * g.channels * volume(g.kernel) * volume(g.out);
  const scratch = place('scratch');
  if (kernel === 'weight' && g.groups === 1) {
    const steps = [
      [place('y'), volume(g.out) * bytes],
      [place('weight'), g.channels * volume(g.kernel) * bytes],
    ] as const;
    const ofFilter = (g.batch * work) / g.filters;
    return { count: place('some'), steps, scratch, together: narrowTile.rows, work: ofFilter };
  }
  if (kernel === 'weight' || kernel === 'depthwiseWeight') return null;
  const steps = [
    [place('x'), g.groups * g.channels * volume(g.size) * bytes],
    [place('y'), g.groups * g.filters * volume(g.out) * bytes],
  ] as const;
  return { count: place('batch'), steps, scratch, together: 1, work: g.groups * work };
}

/** How kernels do a convolution of elements of a lane; `null` where they cannot. */
export function planOf(g: Geometry, wanted: Wanted, lane: FloatLane): ConvolutionPlan | null {
  const bytes = bytesOfLane(lane);
  const own = portionsOf(g, bytes);
  if (own === null) return null;
  const other = wanted === 'x' ? turned(g) : null;
  const seen = other ?? g;
  const portions = other === null ? own : portionsOf(other, bytes);
  if (portions === null) return null;
  const made = other === null ? wanted : 'y';
  const { channels, filters } = seen;
  const name = channels === 1 && filters < MANY_FILTERS ? depthwise[made] : made;
  return {
    kernel: kernels.of(lane)[name],
    adds: made === 'x',
    rows: rowsOf(seen, name, bytes),
    args: (batch, at, accumulate) => [
      ...argumentsOf(seen, batch, portions, other && own),
      ...(other === null ? [at.x, at.weight, at.y] : [at.y, at.weight, at.x]),
      ...[Number(accumulate), 0],
    ],
  };
}
