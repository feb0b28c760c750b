import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { withBundles } from '../../tools/bundled/index.ts';
import { onBundles } from '../../tools/bundled/on-bundles.ts';

const usage = `What training takes in memory, and what the first calls of compiled steps take in time.

Usage: pnpm bench:memory [eager] [compiled] [dropped] [sizes] [first]

  eager     200,000 eager steps
  compiled  1,000,000 compiled steps
  dropped   200 compiled functions, made and dropped
  sizes     one compiled function with 200 batch sizes
  first     the first calls of a compiled step, for MNIST's net and for one of 100 layers`;

function run(file: string, ...args: string[]): string {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--expose-gc', ...onBundles, script, ...args],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${file} ended with ${status}:\n${stderr.slice(-2000)}`);
  return stdout;
}

const processes = 7;

function firstRuns(title: string, ...args: string[]): string {
  const found = Array.from({ length: processes }, (): number[] => {
    const line = run('first-runs.ts', ...args)
      .split('\n')
      .find((l) => l.startsWith('BENCH '));
    return JSON.parse(line?.slice(6) ?? '[]') as number[];
  });
  const labels = ['1: eager', '2: traced', '3: first run', '4', 'a later one', 'eager, warm'];
  const rows = labels.map((label, i) => {
    const times = found.map((one) => one[i] ?? Number.NaN).sort((a, b) => a - b);
    const [least, middle] = [times[0], times[processes >> 1]].map((ms) => ms?.toFixed(2).padStart(9));
    return `${label.padStart(14)} ${least} ${middle}`;
  });
  return `\n${title}: milliseconds of the calls, least and median of ${processes} processes\n${rows.join('\n')}`;
}

const parts: Record<string, () => string> = {
  eager: () => run('eager-steps.ts'),
  compiled: () => run('compiled-steps.ts'),
  dropped: () => run('dropped-functions.ts') + run('dropped-functions.ts', 'synchronous'),
  sizes: () => run('batch-sizes.ts'),
  first: () =>
    `${firstRuns("A compiled Adam step of MNIST's net")}\n${firstRuns('A compiled Adam step of 100 layers of 32', 'deep')}`,
};

async function main(): Promise<void> {
  const wanted = process.argv.slice(2).filter((argument) => argument !== '--');
  if (wanted.includes('--help')) {
    console.log(usage);
    return;
  }
  const unknown = wanted.find((part) => !Object.hasOwn(parts, part));
  if (unknown !== undefined)
    throw new Error(`no part "${unknown}"; there are: ${Object.keys(parts).join(', ')}`);
  await withBundles(() => {
    for (const [name, part] of Object.entries(parts))
      if (wanted.length === 0 || wanted.includes(name)) console.log(part());
  });
}

try {
  await main();
} catch (error) {
  console.error(`bench:memory: ${(error as Error).message}`);
  process.exitCode = 2;
}
