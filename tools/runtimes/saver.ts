/**
 * What a page runs that is to be killed: it says what it finds in a storage, then saves one checkpoint after the other.
 */
import {
  Checkpoint,
  type CheckpointStorage,
  noGrad,
  type Tensor,
  zeros,
} from '../../packages/core/src/index.ts';

/** What a page says. */
export interface Told {
  /** The step of the newest checkpoint, at the start; 0 without one. */
  readonly found?: number;
  /** What lies there, at the start. */
  readonly names?: readonly string[];
  /** A step whose checkpoint is saved. */
  readonly saved?: number;
  readonly fault?: string;
}

export async function saveForEver(
  storage: CheckpointStorage,
  tell: (told: Told) => Promise<unknown>,
): Promise<void> {
  const w = zeros([200_000]);
  const model = {
    stateDict: () => ({ w }),
    loadStateDict: (state: { w: Tensor }) => void noGrad(() => w.copy_(state.w)),
  };
  const checkpoint = new Checkpoint({ storage, parts: { model }, keepLast: 2 });
  const at = await checkpoint.resume();
  const found = at?.step ?? 0;
  const isWhole = w.min().item() === found && w.max().item() === found;
  await tell({ found, names: await storage.list(), ...(!isWhole && { fault: 'the newest is not whole' }) });
  for (let step = found + 1; ; step++) {
    noGrad(() => w.fill_(step));
    await checkpoint.save({ step });
    void tell({ saved: step });
  }
}
