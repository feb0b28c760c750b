import type { FunctionCall } from '../../recording/index.ts';
import { type Attributes, float, isStatic, type Name } from '../graph.ts';
import { range } from '../lowering/lowering.ts';
import type { Scope } from '../translate.ts';
import { each, firstTensor, optionsOf, tensorAt } from './given.ts';
import type { FunctionLowering } from './index.ts';

/** ONNX's words for how elements are taken. */
const modes: Readonly<Record<string, Attributes>> = {
  nearest: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  linear: { mode: 'linear' },
  bilinear: { mode: 'linear' },
  trilinear: { mode: 'linear' },
  bicubic: { mode: 'cubic', cubic_coeff_a: float(-0.75) },
};

/** Resize, of what ONNX Runtime's computes as PyTorch does; else the taps are written one by one. */
function interpolate(call: FunctionCall, scope: Scope): readonly Name[] | null {
  const x = firstTensor(call);
  const options = optionsOf(call);
  const { mode = 'nearest', alignCorners = false, antialias = false, recomputeScaleFactor = false } = options;
  const how = typeof mode === 'string' && Object.hasOwn(modes, mode) ? modes[mode] : undefined;
  if (x === null || x.dtype !== 'float32' || how === undefined || antialias === true) return null;
  const spatial = x.shape.slice(2);
  const out = (x.shape.length >= 3 && resultSizes(call)) || null;
  if (out === null || !spatial.every(isStatic)) return null;
  const factors = recomputeScaleFactor === true ? null : each(options.scaleFactor, spatial.length);
  // Where the factor is not the ratio of the sizes positions follow from it, which runtimes round each in its way.
  if (factors?.some((factor, d) => factor * (spatial[d] ?? 1) !== out[d])) return null;
  const isNearest = mode === 'nearest';
  const { graph } = scope;
  const axes = range(spatial.length, 2);
  return [
    graph.add('Resize', [scope.read(x), '', '', graph.sizes(out)], {
      axes,
      ...how,
      ...(isNearest
        ? {}
        : { coordinate_transformation_mode: alignCorners === true ? 'align_corners' : 'half_pixel' }),
    }),
  ];
}

function resultSizes(call: FunctionCall): number[] | null {
  const { result } = call;
  if (typeof result !== 'object' || result === null || !('shape' in result)) return null;
  const shape = (result.shape as readonly unknown[]).slice(2);
  return shape.every((size) => typeof size === 'number') ? (shape as number[]) : null;
}

const gridModes: Readonly<Record<string, string>> = {
  bilinear: 'linear',
  nearest: 'nearest',
  bicubic: 'cubic',
};

function gridSample(call: FunctionCall, scope: Scope): readonly Name[] | null {
  const [x, grid] = [tensorAt(call, 'x'), tensorAt(call, 'grid')];
  const { mode = 'bilinear', paddingMode = 'zeros', alignCorners = false } = optionsOf(call);
  if (x === null || grid === null || x.dtype !== 'float32' || x.shape.length !== 4) return null;
  return [
    scope.graph.add('GridSample', [scope.read(x), scope.read(grid)], {
      mode: gridModes[String(mode)] ?? 'linear',
      padding_mode: String(paddingMode),
      align_corners: alignCorners === true ? 1 : 0,
    }),
  ];
}

/** Channels as blocks of places. */
function pixelShuffle(call: FunctionCall, scope: Scope): readonly Name[] | null {
  const x = firstTensor(call);
  const factor = Object.values(call.given).find((value) => typeof value === 'number');
  if (x === null || x.shape.length !== 4 || typeof factor !== 'number') return null;
  return [scope.graph.add('DepthToSpace', [scope.read(x)], { blocksize: factor, mode: 'CRD' })];
}

export const resampling: Readonly<Record<string, FunctionLowering>> = {
  interpolate,
  gridSample,
  pixelShuffle,
};
