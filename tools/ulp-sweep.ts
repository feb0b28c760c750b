/**
 * The worst error, in units of the last place, of the float32 functions over all 2^32 arguments, or every
 * n-th of them:
 *
 *     npx tsx tools/ulp-sweep.ts [--stride 16] [exp tanh ...]
 *
 * All arguments take one to five minutes a function.
 */
import { parseArgs } from 'node:util';
import { references, sweep } from '../packages/core/test/kernels/ulp.ts';

const { values, positionals } = parseArgs({
  options: { stride: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const stride = Number(values.stride);
const names = positionals.length > 0 ? positionals : Object.keys(references);
if (!Number.isInteger(stride) || stride < 1)
  throw new RangeError(`--stride: a positive integer, got ${values.stride}`);
for (const name of names) {
  if (references[name] === undefined) {
    throw new RangeError(`${name}: no such function; there are ${Object.keys(references).join(', ')}`);
  }
  const started = performance.now();
  const { worst, at, points, wrong } = sweep(name, stride);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const mistakes =
    wrong.length === 0 ? '' : `; wrong NaN, infinity or sign at ${wrong.length} (${wrong.slice(0, 5)})`;
  console.log(
    `${name.padEnd(8)} ${worst.toFixed(4)} ulp at ${at}; ${points} arguments, ${seconds} s${mistakes}`,
  );
}
