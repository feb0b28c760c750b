/** Adagrad and its kin: rates by the size of gradients. */
export { Adadelta, type AdadeltaOptions } from './adadelta.ts';
export { Adafactor, type AdafactorOptions } from './adafactor.ts';
export { Adagrad, type AdagradOptions } from './adagrad.ts';
export { RMSprop, type RMSpropOptions } from './rmsprop.ts';
