/**
 * Kindling's own aids for tests of own operations: `@kindling/core/testing`. The arbitraries need the package
 * `fast-check`; `@kindling/core/testing/assertions` holds the rest and needs nothing.
 */
export * from './assertions.ts';
export { broadcastablePair, broadcastableShapes, type ShapeOptions, shapes } from './shapes.ts';
export { type TensorOptions, tensors, tensorsWith } from './tensors.ts';
export { expandedViews, nonContiguous, type ViewOptions, views } from './views.ts';
