import { bool, tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { asClassLists } from '../every-loss/classification.ts';
import { missing, runs } from '../every-loss/runs.ts';
import { sparkLine, train } from '../every-loss/train.ts';
import { runExample } from './support/run.ts';

const run = (script: string, ...args: string[]) => runExample(script, args);

describe('losses-tour', () => {
  const { status, stdout, stderr } = run('losses-tour');

  it('walks to the end, without a warning, and what must be equal is', () => {
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout.match(/-> all equal/g)).toHaveLength(8);
    expect(stdout).not.toContain('DIFFER');
  });

  it("prints PyTorch's numbers for its seed", () => {
    expect(stdout).toContain('logits = tensor([ 1.5410, -0.2934, -2.1788,  0.5684, -1.0845, -1.3986])');
    expect(stdout).toContain('BCEWithLogitsLoss()(logits, target) = tensor(0.7037)');
  });

  it.each([
    'Binary classification',
    'Multi-label classification',
    'Multi-class classification',
    'Multi-class in many dimensions',
    'Regression',
    'The functional forms',
    'A loss of your own',
    'Weights that vary per batch',
  ])('has the chapter %s', (title) => {
    expect(stdout).toContain(`\n${title}\n===`);
  });
});

describe('train-with-every-loss', () => {
  it('has a task for every loss class', () => {
    expect(missing()).toEqual([]);
  });

  // The script trains all; here a few show that the tasks work.
  it.each(['MSELoss', 'CrossEntropyLoss', 'SupConLoss', 'DiceLoss', 'BinnedHuberLoss'])(
    '%s learns its task',
    (name) => {
      const { learned, losses, before, after, wanted } = train(runs[name]!, 300);
      expect([before < wanted, after >= wanted, learned]).toEqual([true, true, true]);
      expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    },
  );

  it('prints a table with a check mark and a spark-line, and exits with 0', () => {
    const { status, stdout } = run('train-with-every-loss', 'MSELoss', 'TripletMarginLoss');
    expect(status).toBe(0);
    expect(stdout).toMatch(/✓ │ MSELoss .*█[▁▂▃▄▅▆▇█]{23} /);
    expect(stdout).toMatch(/2 of 2 losses learned their task/);
  });

  it('exits with 1 where a loss did not learn, and with 2 for one that there is not', () => {
    const failed = run('train-with-every-loss', '--steps', '1', 'MSELoss');
    expect(failed.status).toBe(1);
    expect(failed.stdout).toContain('FAILED: MSELoss');
    const unknown = run('train-with-every-loss', 'MeanLoss');
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain('no loss "MeanLoss"; there are: L1Loss, ');
  });
});

describe('their parts', () => {
  it('a spark-line goes from the least to the greatest', () => {
    expect(sparkLine([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkLine([7, 7, 0, 0], 2)).toBe('█▁');
    expect(sparkLine([3], 8)).toBe('▁');
    expect(sparkLine([1, Number.NaN], 2)).toBe('??');
  });

  it('labels become lists of classes that end with -1', () => {
    const labels = tensor(
      [
        [true, false, true],
        [false, false, false],
      ],
      { dtype: bool },
    );
    expect(asClassLists(labels).toArray()).toEqual([
      [0, 2, -1],
      [-1, -1, -1],
    ]);
  });
});
