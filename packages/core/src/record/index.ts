/**
 * How an operation is declared, run and recorded for backward, in Kindling's own way. What walks the record is in
 * autograd/.
 */
export { noteChange } from '../tensor.ts';
export { apply, applyMulti, applyView, composed } from './apply.ts';
export * from './grad-mode.ts';
export {
  assumes,
  assumesSame,
  cannotCompile,
  changesSetting,
  checkOnHost,
  compileApart,
  compileLater,
  dependsOn,
  dependsOnGradient,
  fillOnHost,
  isCompiling,
  isTraced,
  nameForCompile,
  numberOnHost,
  onHost,
  readOnHost,
  tellsOnce,
  traceNumber,
  wasTold,
} from './host.ts';
export { applyInPlace } from './in-place.ts';
export { type AccumulateGrad, type GradNode, INPUT, OUTPUT } from './node.ts';
export { type Observer, observe } from './observe.ts';
export * from './primitive.ts';
export { assumesHeld, assumesValues, type Comparison, comparisonOf, notePart } from './properties.ts';
export { valuesOf } from './values.ts';
