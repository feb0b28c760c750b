/** Pooling: greatest entries and means of windows of one to three dimensions, and greatest entries put back. */
export * from './adaptive.ts';
export * from './fractional.ts';
export {
  type AvgPool1dOptions,
  type AvgPoolOptions,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type Pool,
  type WithIndices,
  type WithoutIndices,
} from './pooling.ts';
export * from './unpooling.ts';
