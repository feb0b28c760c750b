/**
 * Every loss of the library trains a small model, on data made for it, until it beats a stated figure.
 *
 *     pnpm train-with-every-loss [--steps N] [loss ...]
 */
import { parseArgs } from 'node:util';
import { useWideVectors } from '@kindling/core/node';
import { Table } from 'console-table-printer';
import { missing, runs } from './every-loss/runs.ts';
import { type Outcome, sparkLine, train } from './every-loss/train.ts';
import { numberFlag } from './flags.ts';

const usage = `Trains a small model with every loss, and reports what each learned.

Usage: pnpm train-with-every-loss [options] [loss ...]

  loss       which losses, by class (default: all)
  --steps N  steps of Adam for each (default 300)
  --compile  run each step as a compiled program: the same losses
  --wide     use vectors of 256 bits, where Node and the processor have them: the same losses
  --help     this text`;

function row(loss: string, outcome: Outcome): Record<string, string> {
  const { measure, before, after, wanted, losses, seconds, learned } = outcome;
  return {
    '': learned ? '✓' : '✗',
    loss,
    measure,
    before: before.toFixed(3),
    after: after.toFixed(3),
    wanted: wanted.toFixed(2),
    'loss, step by step': sparkLine(losses),
    seconds: seconds.toFixed(2),
  };
}

/** Returns whether every loss learned its task. */
function main(names: readonly string[], steps: number, compiled: boolean): boolean {
  const table = new Table({
    shouldDisableColors: !process.stdout.isTTY,
    columns: [
      { name: '', alignment: 'center' },
      { name: 'loss', alignment: 'left' },
      { name: 'measure', alignment: 'left' },
      { name: 'before', alignment: 'right' },
      { name: 'after', alignment: 'right' },
      { name: 'wanted', alignment: 'right' },
      { name: 'loss, step by step', alignment: 'left' },
      { name: 'seconds', alignment: 'right' },
    ],
  });
  const failed: string[] = [];
  let seconds = 0;
  for (const name of names) {
    const outcome = train(runs[name]!, steps, compiled);
    seconds += outcome.seconds;
    if (!outcome.learned) failed.push(name);
    table.addRow(row(name, outcome), { color: outcome.learned ? 'green' : 'red' });
  }
  table.printTable();
  const learned = names.length - failed.length;
  console.log(`${learned} of ${names.length} losses learned their task, in ${seconds.toFixed(1)} s.`);
  for (const name of failed) console.log(`FAILED: ${name}`);
  return failed.length === 0;
}

try {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2).filter((a) => a !== '--'),
    allowPositionals: true,
    options: {
      steps: { type: 'string', default: '300' },
      compile: { type: 'boolean', default: false },
      wide: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const unknown = positionals.find((name) => !Object.hasOwn(runs, name));
  if (values.help === true) console.log(usage);
  else if (unknown !== undefined)
    throw new Error(`no loss "${unknown}"; there are: ${Object.keys(runs).join(', ')}`);
  else {
    const steps = numberFlag('steps', values.steps, { integer: true, least: 1, most: 1_000_000 });
    if (values.wide) console.log(`--wide: ${useWideVectors().reason}`);
    const without = missing();
    for (const name of without) console.log(`FAILED: ${name} has no task in examples/every-loss/runs.ts`);
    const learned = main(positionals.length > 0 ? positionals : Object.keys(runs), steps, values.compile);
    if (!learned || without.length > 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(`train-with-every-loss: ${(error as Error).message}`);
  process.exitCode = 2;
}
