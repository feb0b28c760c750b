/** Checkpoints in each storage that a runtime has: what is saved, kept, removed and resumed. */
import {
  Checkpoint,
  type CheckpointStorage,
  indexedDBStorage,
  manualSeed,
  memoryStorage,
  noGrad,
  opfsStorage,
  rand,
} from '../../packages/core/src/index.ts';
import * as nn from '../../packages/nn/src/index.ts';
import * as optim from '../../packages/optim/src/index.ts';

/** The storages that were tried, each with what is wrong there. */
export type StorageFindings = Readonly<Record<string, string | null>>;

/** Makes a storage anew, as another start of the program does. */
type Open = () => CheckpointStorage;

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** The losses of a training that goes on from what is saved, until a step. */
async function train(storage: CheckpointStorage, until: number): Promise<readonly number[]> {
  const model = new nn.Sequential(new nn.Linear(3, 300), new nn.Dropout({ p: 0.5 }), new nn.Linear(300, 1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const values = { losses: [] as number[] };
  const checkpoint = new Checkpoint({
    storage,
    parts: { model, optimizer },
    values,
    keepLast: 2,
    best: 'min',
  });
  const at = await checkpoint.resume();
  const losses = at?.losses ?? [];
  while (losses.length < until) {
    optimizer.zeroGrad();
    const loss = model(rand([8, 3]))
      .square()
      .mean();
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
    await checkpoint.save({ step: losses.length, metric: loss.item(), losses });
  }
  const best = await checkpoint.best();
  demand(best?.metric === Math.min(...losses), 'the best is another');
  const kept = (await checkpoint.list()).length;
  demand(kept === 2 || kept === 3, `${kept} are kept`);
  return losses;
}

async function tryStorage(open: Open): Promise<void> {
  await trySeveral(open);
  manualSeed(0);
  const whole = await train(memoryStorage(), 9);
  manualSeed(0);
  await train(open(), 4);
  manualSeed(1);
  const resumed = await train(open(), 9);
  demand(resumed.join() === whole.join(), 'the resumed training took another course');

  const storage = open();
  for (const name of await storage.list()) await storage.write(name, null);
  demand((await open().list()).length === 0, 'something is left');
  demand((await storage.read('none')) === null, 'what is not there was read');
  await storage.write('none', null);
  const bytes = new Uint8Array(noGrad(() => rand([1_000_000])).data.slice().buffer);
  await storage.write('large', Uint8Array.of(1));
  await storage.write('large', bytes);
  const read = await open().read('large');
  demand(
    read?.length === bytes.length && read.every((byte, i) => byte === bytes[i]),
    'other bytes were read',
  );
}

/** Checkpoints of several pages that save at the same moment into one place. */
async function trySeveral(open: Open): Promise<void> {
  const pages = [1, 2, 3].map(() => new Checkpoint({ storage: open(), parts: {}, keepLast: Infinity }));
  const names = await Promise.all(pages.flatMap((page, step) => [page.save({ step }), page.save({ step })]));
  const steps = await Promise.all(names.map(async (name) => (await pages[0]?.load(name))?.step));
  demand(steps.join() === '0,0,1,1,2,2', `of several that saved at once are left ${steps.join()}`);
  for (const name of names) await open().write(name, null);
}

/** What a page leaves that is closed while it writes. */
async function leaveTemporary(folder: string): Promise<void> {
  const directory = await (await navigator.storage.getDirectory()).getDirectoryHandle(folder, {
    create: true,
  });
  const name = 'checkpoint-00000009.safetensors.0.tmp';
  await directory.getFileHandle(name, { create: true });
  const [storage, other] = [opfsStorage(folder), opfsStorage(folder)];
  demand(!(await storage.list()).includes(name), 'a temporary file is listed');
  demand((await other.list()).length === 0, 'a temporary file is listed');
  for await (const left of directory.keys()) demand(left !== name, 'a temporary file is left');
}

/** Tries all storages that there are. */
export async function storageFindings(): Promise<StorageFindings> {
  const { navigator, indexedDB } = globalThis as Partial<typeof globalThis>;
  const tries: [string, () => Promise<void>][] = [['memory', () => tryStorage(once(memoryStorage()))]];
  if (navigator?.storage?.getDirectory !== undefined)
    tries.push([
      'opfs',
      async () => {
        await leaveTemporary('run');
        await tryStorage(() => opfsStorage('run'));
      },
    ]);
  if (indexedDB !== undefined) tries.push(['indexedDB', () => tryStorage(() => indexedDBStorage('run'))]);
  const found: Record<string, string | null> = {};
  for (const [name, run] of tries)
    found[name] = await run().then(
      () => null,
      (error: unknown) => String(error),
    );
  return found;
}

const once =
  (storage: CheckpointStorage): Open =>
  () =>
    storage;
