/** What metrics of regressions take as options, each by its own name. */
import { MeanAbsoluteError, MeanSquaredError, R2Score } from '@kindling/metrics';
import { describe, expect, it } from 'vitest';

describe.each([
  ['MeanSquaredError', MeanSquaredError],
  ['MeanAbsoluteError', MeanAbsoluteError],
  ['R2Score', R2Score],
] as const)('%s', (name, Class) => {
  const make = (options: unknown) => () => new Class(options as object);

  it.each([
    [3, 'expected an options object, got 3'],
    [{ outputs: 2 }, 'unknown option outputs'],
    [{ numOutputs: 0 }, 'numOutputs: expected'],
    [{ multioutput: 'mean' }, 'multioutput: expected'],
    [
      { numOutputs: 2, multioutput: [1] },
      'multioutput: expected 2 weights, not all 0, for as many outputs, got [1]',
    ],
    [{ numOutputs: 2, multioutput: [0, 0] }, 'multioutput: expected 2 weights, not all 0'],
    [{ numOutputs: 2, multioutput: [1, -1] }, 'multioutput: expected'],
  ])('refuses %j', (options, message) => {
    expect(make(options)).toThrow(`${name}: ${message}`);
  });

  it('takes weights of outputs, of which some are 0', () => {
    expect(make({ numOutputs: 2, multioutput: [0, 1] })).not.toThrow();
  });
});
