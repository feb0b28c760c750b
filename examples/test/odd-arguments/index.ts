/** Calls of every public function in which one argument at a time does not belong. */
export { anew, type Call, isClass, run } from './call.ts';
export { loadAnotherCopy } from './odd-values.ts';
export { type PublicCalls, publicCalls } from './public-calls.ts';
export { inQuietFolder } from './quiet-folder.ts';
export { leftChanged, placesOfOptions } from './throwing.ts';
export { type Attempt, attempts } from './vary.ts';
