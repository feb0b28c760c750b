import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['src/index.ts', 'src/testing/index.ts', 'src/node/index.ts'],
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  deps: { neverBundle: [/^node:/, 'fast-check'] },
  // tools/declarations.ts writes them.
  dts: false,
  // One output file a source file: `sideEffects` can then name the file that installs Tensor's methods.
  unbundle: true,
});
