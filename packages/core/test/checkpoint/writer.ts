/**
 * A program that saves one checkpoint after the other once it is told to, to be killed: `writer.ts FOLDER`. It goes on from where
 * the last one was killed, and tells the number of each step that is saved.
 */
import { Checkpoint } from '../../src/checkpoint/checkpoint.ts';
import { folderStorage } from '../../src/node/folder-storage.ts';
import { wrapArray } from '../../src/tensor.ts';
import { metricOf, options, size } from './killed.ts';

const [, , folder = ''] = process.argv;
const tell = (what: string | number): void => void process.send?.(what);

process.once('message', async () => {
  const w = new Float32Array(size);
  const model = {
    stateDict: () => ({ w: wrapArray(w, [size], 'float32') }),
    loadStateDict: (state: { w: { storage: { array: Float32Array } } }) => w.set(state.w.storage.array),
  };
  const checkpoint = new Checkpoint({ storage: folderStorage(folder), parts: { model }, ...options });
  const at = await checkpoint.resume();
  for (let step = (at?.step ?? 0) + 1; ; step++) {
    w.fill(step);
    await checkpoint.save({ step, metric: metricOf(step) });
    tell(step);
  }
});
tell('ready');
