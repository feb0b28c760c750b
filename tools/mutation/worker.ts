/**
 * A process that runs tests on mutants. Each message is a mutant and the tests to run; the answer is whether a test
 * failed. A mutant stands only in what this process hands to its tests: no file is written.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BaseSequencer, createVitest, type TestSpecification } from 'vitest/node';
import config from '../../vitest.config.ts';
import { type Mutant, withMutant } from './mutants.ts';

export interface Task {
  readonly mutant: Mutant | null;
  readonly tests: readonly string[];
}

export interface Answer {
  readonly killed: boolean;
  /** The first test that failed. */
  readonly by: string;
}

const packages = join(import.meta.dirname, '../../packages');
let current: { path: string; source: string } | null = null;

const mutation = {
  name: 'mutation',
  enforce: 'pre' as const,
  load: (id: string) => (current !== null && id.split('?')[0] === current.path ? current.source : null),
};

/** Runs files in the order that they are given in: those that concern the mutant most come first. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files;
  }
}

const { projects, ...rest } = config.test ?? {};
const vitest = await createVitest(
  'test',
  { watch: false, bail: 1, maxWorkers: 1, isolate: false, reporters: [{}], update: false, config: false },
  {
    ...config,
    test: {
      ...rest,
      // A mutant stands in no file: it neither may come from a cache of them nor be loaded by Node.
      experimental: { fsModuleCache: false, viteModuleRunner: true },
      sequence: { sequencer: InOrder },
      projects: (projects ?? []).map((project) => ({ ...(project as object), plugins: [mutation] })),
    },
  },
);
const all = await vitest.globTestSpecifications();

async function run({ mutant, tests }: Task): Promise<Answer> {
  const previous = current?.path;
  current = null;
  if (mutant !== null) {
    const path = join(packages, mutant.file);
    current = { path, source: withMutant(readFileSync(path, 'utf8'), mutant) };
    vitest.invalidateFile(path);
  }
  if (previous !== undefined) vitest.invalidateFile(previous);
  const chosen = tests.flatMap((beginning) =>
    all.filter(({ moduleId }: TestSpecification) => moduleId.startsWith(join(packages, beginning))),
  );
  const specifications = [...new Set(chosen)];
  const ids = new Set(specifications.map(({ moduleId }) => moduleId));
  const { testModules: known, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  // Vitest remembers the files of earlier runs, with how they ended then.
  const testModules = known.filter(({ moduleId }) => ids.has(moduleId));
  if (unhandledErrors.length > 0)
    return { killed: true, by: `an error outside tests: ${unhandledErrors[0]}` };
  for (const module of testModules) {
    const failed = [...module.children.allTests('failed')][0];
    if (failed !== undefined) return { killed: true, by: `${module.relativeModuleId}: ${failed.fullName}` };
    if (module.state() === 'failed')
      return { killed: true, by: `${module.relativeModuleId}: ${module.errors()[0]?.message ?? 'failed'}` };
  }
  const ran = testModules.filter((module) => module.state() === 'passed').length;
  if (ran === 0) throw new Error(`no test ran for ${tests.join(', ')}`);
  return { killed: false, by: '' };
}

process.on('message', (task: Task) => {
  run(task).then(
    ({ killed, by }) => process.send?.({ killed, by: by.replace(/\s+/g, ' ').slice(0, 200) }),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
