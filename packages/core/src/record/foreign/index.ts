/** The door through which users, and nn, declare and run operations: core's own, with checks of what is given and given back. */
export {
  apply,
  applyInPlace,
  applyMulti,
  applyView,
  composed,
  defineMulti,
  definePrimitive,
  defineView,
  elementsOf,
  valuesOf,
} from './foreign.ts';
