import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/**
 * The tests of a folder. The files of a worker share the modules that they import: to load the library takes longer
 * than most of them take to run. `seeded.ts` sees to it that none leaves anything behind for the next. Those that are
 * about how the library is loaded, `*.anew.test.ts`, have a worker each. All projects have one root, so that what is
 * transformed once serves them all.
 */
const projects = (name: string, folder: string, globalSetup: string[] = []) =>
  [
    {
      name,
      isolate: false,
      globalSetup,
      include: [`${folder}/test/**/!(*.anew).test.ts`],
    },
    {
      name: `${name}-anew`,
      isolate: true,
      include: [`${folder}/test/**/*.anew.test.ts`],
      // Only Vite's forget what they loaded.
      experimental: { viteModuleRunner: true },
    },
  ].map((own) => ({
    test: {
      ...own,
      setupFiles: [path('packages/core/test/support/seeded.ts')],
      environment: 'node' as const,
      testTimeout: 30_000,
    },
  }));

// `.ci/run` reads the counts from a report; a developer only wants the usual output.
const report = process.env.KINDLING_TEST_REPORT;

export default defineConfig({
  test: {
    // Vitest leaves a core free, which is half of two.
    maxWorkers: availableParallelism(),
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    experimental: {
      fsModuleCache: true,
      // Where Node reads TypeScript it loads the modules: a call from one to another costs half of what it does through
      // Vite's.
      viteModuleRunner: !Reflect.get(process.features, 'typescript'),
    },
    projects: [
      ...projects('core', 'packages/core'),
      ...projects('nn', 'packages/nn'),
      ...projects('optim', 'packages/optim'),
      ...projects('metrics', 'packages/metrics'),
      ...projects('distributions', 'packages/distributions'),
      ...projects('tensorboard', 'packages/tensorboard'),
      ...projects('interop', 'packages/interop'),
      ...projects('examples', 'examples', [path('tools/bundled/index.ts')]),
      ...projects('site', 'site'),
    ],
  },
});
