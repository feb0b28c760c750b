/** What public functions take, stated once a function and checked at run time: kinds of values, options, signatures. */
export { alias, composition } from './composition.ts';
export { withoutUndefined } from './defaults.ts';
export * as K from './kinds.ts';
export {
  type CallListener,
  checkArguments,
  describeValue,
  listenToCalls,
  refuseExcess,
  type Signature,
  signature,
} from './signature.ts';
