import { E } from '../../kernels/index.ts';
import { inPlace, unary } from '../elementwise/define.ts';
import type { UnaryFunction } from '../elementwise/operation.ts';

const scaled = (name: string, factor: number): UnaryFunction =>
  unary(name, (x) => E.mul(x, factor), { dtype: 'float' });

/**
 * Degrees as radians, x π / 180. Follows `torch.deg2rad`.
 * @example deg2rad(tensor([180, 90])); // tensor([3.1416, 1.5708])
 */
export const deg2rad = scaled('deg2rad', Math.PI / 180);
/**
 * Radians as degrees, x 180 / π. Follows `torch.rad2deg`.
 * @example rad2deg(tensor([Math.PI])); // tensor([180.])
 */
export const rad2deg = scaled('rad2deg', 180 / Math.PI);
/** {@link deg2rad} in place. */
export const deg2rad_ = inPlace(deg2rad);
/** {@link rad2deg} in place. */
export const rad2deg_ = inPlace(rad2deg);
