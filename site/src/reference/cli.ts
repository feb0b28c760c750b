/** `tsx src/reference/cli.ts [folder]`: has typedoc write the reference, and puts it into the folder. */
import { cpSync } from 'node:fs';
import { addAssets, ensureReference } from './cache.ts';
import { generate } from './typedoc/generate.ts';

const started = performance.now();
const folder = await ensureReference(generate);
const [, , outDir] = process.argv;
if (outDir !== undefined) {
  cpSync(folder, outDir, { recursive: true });
  await addAssets(outDir);
}
console.log(`reference: ${outDir ?? folder}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
