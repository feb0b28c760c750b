/**
 * Every loss of the library trains a small model, on data made for it, until it beats a stated figure.
 *
 *     pnpm train-with-every-loss [--steps N] [loss ...]
 */
import { Table } from 'console-table-printer';
import { count, runExample, switches } from './command-line.ts';
import { missing, runs } from './every-loss/runs.ts';
import { type Outcome, sparkLine, train } from './every-loss/train.ts';
import { startProgress } from './progress.ts';

const example = {
  name: 'train-with-every-loss',
  does: 'Trains a small model with every loss, and reports what each learned.',
  numbers: {
    steps: count('steps of Adam for each', 300, 1_000_000),
  },
  switches: { ...switches, compile: 'run each step as a compiled program: the same losses' },
  names: { of: 'loss', help: 'which losses, by class (default: all)', known: Object.keys(runs) },
  writes: false,
};

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

/** What a terminal without room for all columns leaves out. */
const secondary = ['measure', 'before', 'wanted', 'seconds'];
const widthOfAll = 134;

/** Trains by each loss; returns the names of those that did not learn their task. */
function trainAll(names: readonly string[], steps: number, compiled: boolean): string[] {
  const { isTTY, columns } = process.stdout;
  const table = new Table({
    shouldDisableColors: !isTTY,
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
    disabledColumns: isTTY && columns < widthOfAll ? secondary : [],
  });
  const failed: string[] = [];
  const progress = isTTY ? startProgress('losses', names.length) : null;
  let seconds = 0;
  for (const [i, name] of names.entries()) {
    const outcome = train(runs[name]!, steps, compiled);
    seconds += outcome.seconds;
    if (!outcome.learned) failed.push(name);
    table.addRow(row(name, outcome), { color: outcome.learned ? 'green' : 'red' });
    progress?.update(i + 1, [name]);
  }
  progress?.stop();
  table.printTable();
  const learned = names.length - failed.length;
  console.log(`${learned} of ${names.length} losses learned their task, in ${seconds.toFixed(1)} s.`);
  return failed;
}

await runExample(example, ({ numbers, on, names }) => {
  const untried = missing().map((name) => `${name} has no task in examples/every-loss/runs.ts`);
  const failed = trainAll(names.length > 0 ? names : Object.keys(runs), numbers.steps, on.compile);
  for (const failure of [...untried, ...failed]) console.log(`FAILED: ${failure}`);
  if (untried.length + failed.length > 0) process.exitCode = 1;
});
