/**
 * A training that kills itself by SIGKILL again and again, each time while it saves, and goes on from its last
 * checkpoint in a new process; beside one that nothing happens to. Both must have the same losses to the bit.
 *
 *     pnpm resume [--kills N] [--compile] ...
 */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Generator } from '@kindling/core';
import { Table } from 'console-table-printer';
import { count, runExample, seed, switches } from './command-line.ts';
import { UsageError } from './flags.ts';
import { startProgress } from './progress.ts';
import { differences, run } from './resume/run.ts';
import { stepsOfEpoch, type Task } from './resume/training.ts';

const example = {
  name: 'resume',
  does: 'Trains a net that kills itself in mid-training, resumes it, and proves it identical to one that was not killed.',
  numbers: {
    epochs: count('passes over the 150 irises', 12),
    batch: count('flowers a batch', 16),
    every: count('steps between two checkpoints', 7),
    kills: count('how often the training is killed', 3),
    seed,
  },
  switches: { compile: switches.compile },
};

/** So many steps of `total`, drawn from a seed, in order; the last step is none of them. */
function drawSteps(generator: Generator, kills: number, total: number): number[] {
  const steps = new Set<number>();
  while (steps.size < kills) steps.add(1 + (generator.random() % (total - 1)));
  return [...steps].sort((a, b) => a - b);
}

await runExample(example, async ({ numbers, on, out }) => {
  const { kills, epochs, batch, every } = numbers;
  const total = epochs * stepsOfEpoch(numbers);
  if (kills >= total) throw new UsageError(`--kills takes less than the ${total} steps, got ${kills}`);
  const folder = join(out, 'checkpoints');
  await rm(folder, { recursive: true, force: true });
  const task: Task = { epochs, batch, every, folder, ...on, seed: numbers.seed, kill: null };

  const quiet = startProgress('not killed', total);
  const whole = await run({ ...task, folder: null }, ({ step, loss }) =>
    quiet.update(step, [`loss ${loss.toFixed(4)}`]),
  );
  quiet.stop();

  const moments = new Generator().manualSeed(numbers.seed);
  const losses = new Map<number, number>();
  const processes = new Map<number, number>();
  let [again, others, weights]: [number, number, string | null] = [0, 0, null];
  const progress = startProgress('killed', total);
  for (const [i, step] of [...drawSteps(moments, kills, total), null].entries()) {
    const kill = step === null ? null : { step, milliseconds: moments.random() % 20 };
    // Each process begins with other weights and another order; what it goes on with is the checkpoint's.
    const part = await run(
      { ...task, kill, seed: i === 0 ? numbers.seed : numbers.seed + i },
      ({ step, loss }) => progress.update(step, [`loss ${loss.toFixed(4)}`, `process ${i + 1}`]),
    );
    ({ weights } = part);
    for (const [done, loss] of part.losses) {
      if (losses.has(done)) again++;
      if (losses.has(done) && !Object.is(losses.get(done), loss)) others++;
      losses.set(done, loss);
      processes.set(done, i + 1);
    }
  }
  progress.stop();

  const differ = differences(whole.losses, losses, total);
  const table = new Table({ title: 'Loss' });
  const rows = Array.from({ length: total }, (_, i) => i + 1);
  const shown = rows.filter(
    (step) =>
      step === total ||
      step % Math.ceil(total / 12) === 0 ||
      differ.slice(0, 9).includes(step) ||
      processes.get(step) !== processes.get(step + 1),
  );
  for (const step of shown)
    table.addRow({
      step,
      'not killed': whole.losses.get(step),
      killed: losses.get(step),
      process: processes.get(step),
      same: differ.includes(step) ? 'NO' : 'yes',
    });
  table.printTable();
  const csv = rows.map((step) =>
    [step, whole.losses.get(step), losses.get(step), processes.get(step)].join(),
  );
  await writeFile(join(out, 'losses.csv'), ['step,not_killed,killed,process', ...csv, ''].join('\n'));

  const stray = (await readdir(folder)).filter((name) => !name.startsWith('checkpoint-'));
  console.log(`Killed ${kills} times; ${again} steps were made twice, ${others} of them with another loss.`);
  console.log(
    `Left beside the checkpoints: ${stray.join(', ') || 'nothing'}. Losses written to ${out}: losses.csv`,
  );
  const isSame = differ.length === 0 && others === 0 && weights === whole.weights;
  if (isSame)
    console.log(
      `Identical: ${total} losses, weights, averages and the state of Adam are the same to the bit.`,
    );
  else {
    console.log(
      `NOT identical: ${differ.length} of ${total} losses differ, and the weights are ${weights === whole.weights ? 'the same' : 'others'}.`,
    );
    process.exitCode = 1;
  }
});
