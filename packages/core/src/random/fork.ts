import { checkArguments, K } from '../arguments/index.ts';
import { ValueError } from '../errors.ts';
import { disown, isPromise } from '../readable.ts';
import { defaultGenerator } from './generator.ts';

/**
 * Runs `fn`, and puts the default generator back to where it was: whatever `fn` draws or seeds, what follows draws as
 * if it had not been. For an evaluation in the middle of a training, say. Follows `torch.random.fork_rng`.
 * @throws ValueError where `fn` returns a promise, as what it draws later would not be put back
 * @example
 * ```ts
 * manualSeed(0);
 * const noise = forkRng(() => {
 *   manualSeed(1);
 *   return rand([2]);
 * });
 * noise; // tensor([0.7576, 0.2793])
 * rand([2]); // tensor([0.4963, 0.7682])
 * ```
 */
export function forkRng<T>(fn: () => T): T {
  checkArguments('forkRng', { fn: K.callable }, arguments);
  const state = defaultGenerator.getState();
  try {
    const result = fn();
    if (isPromise(result)) {
      disown(result);
      throw new ValueError(
        'forkRng: the function must be synchronous, but it returned a Promise; keep getRngState() before it, and give that to setRngState() after it',
      );
    }
    return result;
  } finally {
    defaultGenerator.setState(state);
  }
}
