/** Writes a folder again and again, of files that all hold one number, until it is killed. */
import { writeFolder } from '../../../src/torch-project/parts/folder.ts';

const folder = process.argv[2] as string;
process.once('message', async () => {
  for (let i = 1; ; i++) {
    const content = String(i).repeat(20_000);
    const names = ['verify.py', 'reference.safetensors', ...Array.from({ length: 8 }, (_, n) => `${n}.txt`)];
    await writeFolder(folder, Object.fromEntries(names.map((name) => [name, content])), true);
    process.send?.(i);
  }
});
process.send?.('ready');
