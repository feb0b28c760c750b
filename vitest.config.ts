import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const seeded = fileURLToPath(new URL('./packages/core/test/support/seeded.ts', import.meta.url));

const project = (name: string, folder: string) => ({
  test: {
    name,
    root: folder,
    include: ['test/**/*.test.ts'],
    setupFiles: [seeded],
    environment: 'node' as const,
    testTimeout: 30_000,
  },
});

// `.ci/run` reads the counts from a report; a developer only wants the usual output.
const report = process.env.KINDLING_TEST_REPORT;

export default defineConfig({
  test: {
    // Vitest leaves a core free, which is half of two.
    maxWorkers: availableParallelism(),
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      project('core', 'packages/core'),
      project('nn', 'packages/nn'),
      project('optim', 'packages/optim'),
      project('metrics', 'packages/metrics'),
      project('tensorboard', 'packages/tensorboard'),
      project('interop', 'packages/interop'),
      project('examples', 'examples'),
      project('site', 'site'),
    ],
  },
});
