/** `pnpm mutation`: how many small faults, put into the sources one at a time, the tests notice. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { equivalentOf } from './equivalent.ts';
import { type Folder, folders } from './folders.ts';
import type { Mutant } from './mutants.ts';
import { markdownOf, type Result, scoreOf } from './report.ts';
import { mutantsIn, nameOf, sampleOf } from './sample.ts';
import { Trial } from './trial.ts';

const usage = `Puts small faults into the sources, one at a time, and counts those that make a test fail.

Usage: pnpm mutation [folder...] [options]

  --sample N  mutants of each folder (default 40)
  --seed S    which ones (default 0)
  --all       every mutant; a folder takes hours
  --only TEXT of these, those whose line or change has this text: to see that a new test notices one
  --help      this text

Folders: ${Object.keys(folders).join(', ')} (default: all).
Exits with 1 where a folder's score is below the least that it must have.`;

const packages = join(import.meta.dirname, '../../packages');

interface Choice {
  readonly chosen: readonly string[];
  readonly count: number;
  readonly seed: number;
  readonly only: string;
}

function readChoice(): Choice | null {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== '--'),
    options: {
      sample: { type: 'string', default: '40' },
      seed: { type: 'string', default: '0' },
      all: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) return null;
  const unknown = positionals.find((name) => !Object.hasOwn(folders, name));
  if (unknown !== undefined)
    throw new RangeError(`${unknown}: no such folder; there are ${Object.keys(folders).join(', ')}`);
  const whole = (flag: 'sample' | 'seed', least: number): number => {
    const value = Number(values[flag]);
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(`--${flag}: a whole number from ${least}, got ${values[flag]}`);
    return value;
  };
  return {
    chosen: positionals.length > 0 ? positionals : Object.keys(folders),
    count: values.all ? Number.POSITIVE_INFINITY : whole('sample', 1),
    seed: whole('seed', 0),
    only: values.only,
  };
}

/** Runs tests that must pass, and returns for how long a mutant may run them. */
async function limitOf(trial: Trial, name: string, tests: readonly string[]): Promise<number> {
  const started = performance.now();
  const { killed, by } = await trial.run({ mutant: null, tests }, 1_800_000);
  if (killed) throw new Error(`${name}: the tests fail without a mutant: ${by}`);
  return 20_000 + 3 * (performance.now() - started);
}

async function resultOf(
  trial: Trial,
  name: string,
  folder: Folder,
  { count, seed, only }: Choice,
): Promise<Result> {
  const all = mutantsIn(packages, folder);
  const sample = sampleOf(all, count, seed).filter((mutant) => nameOf(mutant).includes(only));
  const equivalent = sample.flatMap((mutant) => equivalentOf(mutant) ?? []);
  const stages = [folder.near, folder.wider].filter((tests) => tests.length > 0);
  const limits: number[] = [];
  const alive: Mutant[] = [];
  let killed = 0;
  let ended = 0;
  for (const mutant of sample) {
    if (equivalentOf(mutant) !== undefined) continue;
    let by = '';
    for (const [stage, tests] of stages.entries()) {
      if (by !== '') break;
      limits[stage] ??= await limitOf(trial, name, tests);
      ({ by } = await trial.run({ mutant, tests }, limits[stage]));
    }
    if (by === '') alive.push(mutant);
    else killed++;
    if (/^the (time|end)/.test(by)) ended++;
    console.error(`${name} ${by === '' ? 'ALIVE ' : 'killed'} line ${mutant.line} ${nameOf(mutant)}   ${by}`);
  }
  return { name, folder, all: all.length, tried: sample.length, killed, ended, equivalent, alive };
}

const choice = readChoice();
if (choice === null) {
  console.log(usage);
} else {
  const trial = new Trial();
  const results: Result[] = [];
  try {
    for (const name of choice.chosen) results.push(await resultOf(trial, name, folders[name]!, choice));
  } finally {
    trial.end();
  }
  console.log(markdownOf(results));
  if (results.some((result) => scoreOf(result) < result.folder.least)) process.exitCode = 1;
}
