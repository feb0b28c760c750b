/** Writes docs/losses.md from the table that drives the tests of the losses. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page } from '../packages/nn/test/losses/markdown.ts';

const path = join(import.meta.dirname, '../docs/losses.md');
writeFileSync(path, page());
console.log(`Written: ${path}`);
