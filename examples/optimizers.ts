/**
 * Every optimizer on three surfaces and on digits, each at the best of some learning rates: where it goes, and how
 * fast.
 *
 *     pnpm optimizers [--steps N] [--compile] ...
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Table } from 'console-table-printer';
import { count, reportWritten, runExample, seed, switches } from './command-line.ts';
import { loadMnist, type Split } from './mnist/data.ts';
import { rates as ratesOnDigits, readingOf } from './optimizers/digits.ts';
import { type Entrant, entrants } from './optimizers/entrants.ts';
import { sheet } from './optimizers/pictures.ts';
import { bestOf, courseOf, rates, surfaces } from './optimizers/surfaces.ts';
import { startProgress } from './progress.ts';

const example = {
  name: 'optimizers',
  does: 'Sends every optimizer down three surfaces, has it train a small net on digits, and shows paths and losses.',
  numbers: {
    steps: count('steps on each surface', 150),
    'steps-on-digits': count('steps on MNIST', 80),
    images: count('digits to train on', 4000, 60_000, 64),
    seed,
  },
  switches,
};

const firstOf = ({ images, labels }: Split, count: number): Split => ({
  images: images.narrow(0, 0, count),
  labels: labels.narrow(0, 0, count),
});

/** 0.003 as .003: with it the table fits 80 characters. */
const short = (rate: number): string => `${rate}`.replace(/^0\./, '.');

/** Each optimizer's best course on each surface, and its best training. */
await runExample(example, async ({ numbers, on, out }) => {
  const progress = startProgress('optimizers', entrants.length * (surfaces.length + 1));
  let done = 0;
  const each = <T>(what: string, of: (entrant: Entrant) => T): T[] =>
    entrants.map((entrant) => {
      const result = of(entrant);
      progress.update(++done, [`${entrant.name} on ${what}`]);
      return result;
    });
  const courses = surfaces.map((surface) => ({
    surface,
    courses: each(surface.name, (entrant) =>
      bestOf(rates, (lr) => courseOf(entrant, surface, lr, numbers.steps, on.compile)),
    ),
  }));
  const mnist = loadMnist();
  const training = firstOf(mnist.train, numbers.images);
  const plan = { steps: numbers['steps-on-digits'], batch: 64, seed: numbers.seed, compiled: on.compile };
  const readings = each('digits', (entrant) =>
    bestOf(ratesOnDigits, (lr) => readingOf(entrant, lr, training, mnist.test, plan)),
  );
  progress.stop();

  const line = { left: '', mid: '', right: '', other: '' };
  const table = new Table({
    shouldDisableColors: !process.stdout.isTTY,
    style: { headerTop: line, headerBottom: line, tableBottom: line, vertical: '' },
    columns: ['optimizer', ...surfaces.map(({ name }) => name), 'digits', 'ms'].map((name, i) => ({
      name,
      alignment: i === 0 ? 'left' : 'right',
    })),
  });
  for (const [i, { name, lr, right, microseconds }] of readings.entries()) {
    const ends = courses.map(({ surface, courses: of }) => {
      const course = of[i];
      return [
        surface.name,
        course === undefined ? '' : `${course.end.toExponential(0)} (${short(course.lr)})`,
      ];
    });
    table.addRow({
      optimizer: name,
      ...Object.fromEntries(ends),
      digits: `${(100 * right).toFixed(1)}% (${short(lr)})`,
      ms: (microseconds / 1000).toFixed(1),
    });
  }
  console.log('The loss at the end, or test images read right (at which learning rate), and a step:');
  table.printTable();
  await writeFile(join(out, 'optimizers.svg'), await sheet(courses, readings));
  reportWritten(out, ['optimizers.svg']);
});
