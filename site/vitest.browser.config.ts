import { defineConfig } from 'vitest/config';

/** Tests of the built site in a real browser: `pnpm site:check`. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    globalSetup: ['test/browser/support/global-setup.ts'],
    // One page at a time: what trains in it wants the cores.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
