/**
 * What the controls offer, and what they say of the program that the playground opens with, read while the site is
 * built.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import type { Reading } from './controls.ts';

interface Offered {
  readonly first: Reading;
  readonly activations: readonly string[];
  readonly classLosses: readonly string[];
  readonly curveLosses: readonly string[];
  readonly optimizers: readonly string[];
}

declare const data: Offered;

export { data };

export default {
  watch: ['./*.ts', './examples/*.ts'],
  async load(): Promise<Offered> {
    const controls: typeof import('./controls.ts') = await tsImport('./controls.ts', import.meta.url);
    const { read, activations, classLosses, curveLosses, optimizerRates } = controls;
    const first = read(readFileSync(join(import.meta.dirname, 'examples/spiral.ts'), 'utf8'));
    return { first, activations, classLosses, curveLosses, optimizers: Object.keys(optimizerRates) };
  },
};
