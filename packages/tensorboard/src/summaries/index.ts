/** What is shown of values, as messages: a kind of summary a file. */
export { histogramOf } from './histogram.ts';
export { hparamsOf } from './hparams.ts';
export { gridOf, imageOf } from './image.ts';
export { prCurveOf } from './pr-curve.ts';
export { textOf } from './text.ts';
