/** `node --import` this: a program's imports of the packages are of the files that index.ts made. */
import { register } from 'node:module';

register('./resolve.mjs', import.meta.url);
