/** The state of modules: read into dicts, and loaded from them. */
export { type ExtraStateMethod, extraKey, noExtraState, overrides, requireJSON } from './extra-state.ts';
export { type Fit, fitTo } from './fit.ts';
export { type IncompatibleKeys, type LoadingState, type LoadStateDictOptions, restoreState } from './load.ts';
export {
  collectState,
  type LocalMetadata,
  type StateDict,
  type StateDictLike,
  type StateDictOptions,
} from './state-dict.ts';
