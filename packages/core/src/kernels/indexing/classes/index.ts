/** Classes that targets name: what is picked by them, masks and weights of them, and likelihoods. */
export { type ClassMask, maskClasses, maskRows } from './mask.ts';
export { multilabelMargins } from './multilabel.ts';
export { recordNll } from './nll.ts';
export { type ClassFactors, classFactors, classMasses, classWeights } from './weights.ts';
