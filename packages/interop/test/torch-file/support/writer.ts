/** A process that saves one value after the other to the path that it is given, until it is killed. */
import { full } from '@kindling/core';
import { saveTorch } from '../../../src/torch-file/index.ts';

const path = process.argv[2] as string;
process.send?.('ready');
for (let n = 1; ; n++) await saveTorch(path, { n, x: full([200_000], n) });
