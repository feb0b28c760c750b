import { defineConfig } from 'vitest/config';

/** What each landing tries; the rest is tried by `pnpm site:check`, which tries all. */
const sample = ['built', 'guides', 'moving', 'pages'];
const sampled = process.env.KINDLING_SAMPLE === '1';

/** Tests of the built site in a real browser. */
export default defineConfig({
  test: {
    include: (sampled ? sample : ['**/*']).map((name) => `test/browser/${name}.browser.ts`),
    globalSetup: ['test/browser/support/global-setup.ts'],
    // One page at a time: what trains in it wants the cores.
    fileParallelism: false,
    // A page has so long to answer, however slow the machine that serves it; what fails twice is wrong.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    retry: sampled ? 1 : 0,
    expect: { poll: { timeout: 15_000 } },
  },
});
