/** Writes docs/ledger.md: what PyTorch has and Kindling has not. `record.py` records what PyTorch has. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page } from './page.ts';

const path = join(import.meta.dirname, '../../docs/ledger.md');
writeFileSync(path, page());
console.log(`Written: ${path}`);
