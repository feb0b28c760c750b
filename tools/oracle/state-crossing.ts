/** Prints, for each run of the fixtures, parameters and state dict after half of its steps, a line of JSON each. */
import {
  half,
  make,
  parametersOf,
  runs,
  setGradients,
  sideBySide,
} from '../../packages/optim/test/support/runs.ts';

for (const { op, optimizer: name, options, dtype, start } of runs) {
  if (op !== 'plain') continue;
  const params = parametersOf(start);
  const optimizer = make(name, params, options);
  for (let step = 1; step <= half; step++) {
    setGradients(params, step);
    optimizer.step();
  }
  const line = {
    optimizer: name,
    options,
    dtype,
    params: sideBySide(params),
    state: optimizer.stateDict(),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
