/**
 * Every operation, function and loss of the fixtures as Python: each sample is recorded, written by the export's own
 * means, and kept with what Kindling computes. `functions.py` runs them in PyTorch. Usage: tsx
 * tools/interop/functions.ts out [name...]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import * as kindling from '../../packages/core/src/index.ts';
import { manualSeed, Tensor } from '../../packages/core/src/index.ts';
import { saveSafetensors } from '../../packages/core/src/node/index.ts';
import { type Entry, fixturesIn, readFixture, type Sample } from '../../packages/core/test/oracle/fixture.ts';
import { caller, formsOf, isOutside } from '../../packages/core/test/oracle/operations.ts';
import { type Arguments, makeArguments } from '../../packages/core/test/oracle/run.ts';
import { operationOf } from '../../packages/core/test/oracle/table.ts';
import { resultLeaves } from '../../packages/core/test/oracle/tensors.ts';
import { record } from '../../packages/interop/src/recording/index.ts';
import { Body } from '../../packages/interop/src/torch-project/python/body.ts';
import { bodyLines, definition, fileOf } from '../../packages/interop/src/torch-project/python/render.ts';
import * as nn from '../../packages/nn/src/index.ts';
import { functionOf, functions } from '../../packages/nn/test/oracle/modules.ts';
import { functionalOperation } from '../../packages/nn/test/oracle/table.ts';

const [out = 'out', ...only] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const definitions: string[][] = [];
const tensors: Record<string, Tensor> = {};
const cases: { name: string; what: string; inputs: number; outputs: number }[] = [];
const failures: string[] = [];

/** A sample's call as a function of its tensors. */
function write(what: string, sample: Sample, call: (given: Arguments) => unknown): void {
  const { args, kwargs, tensors: given } = makeArguments(sample, 'contiguous', functions);
  const inputs = given.map((x) => x.detach());
  const put = (x: unknown, at: readonly Tensor[]): unknown => {
    if (x instanceof Tensor) return at[given.indexOf(x)] ?? x;
    if (Array.isArray(x)) return x.map((item) => put(item, at));
    return x;
  };
  const run = (...at: Tensor[]): unknown =>
    call({
      args: args.map((x) => put(x, at)),
      kwargs: Object.fromEntries(Object.entries(kwargs).map(([k, x]) => [k, put(x, at)])),
      tensors: at,
    });
  manualSeed(1);
  const copies = (): Tensor[] => inputs.map((x) => x.clone());
  const recording = record({ call: run, inputs: copies(), models: {} });
  const name = `f${cases.length}`;
  const body = new Body(recording.body, recording.result, {
    state: () => null,
    module: () => null,
    followsMode: () => false,
  });
  const parameters = recording.inputs.map((x, i) => body.bind(x, `x${i}`));
  body.write();
  definitions.push([
    ...definition(name, parameters, '', 0),
    ...bodyLines(body.statements, body.result(recording.result), 4),
  ]);
  const results = resultLeaves(run(...copies())).map((y) =>
    y instanceof Tensor ? y : kindling.tensor(y as number),
  );
  inputs.forEach((x, i) => {
    tensors[`${name}.in.${i}`] = x;
  });
  results.forEach((y, i) => {
    tensors[`${name}.out.${i}`] = y.detach().contiguous();
  });
  cases.push({ name, what, inputs: inputs.length, outputs: results.length });
}

function attempt(what: string, sample: Sample, call: (given: Arguments) => unknown): void {
  try {
    write(what, sample, call);
  } catch (error) {
    failures.push(`${what}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
  }
}

const wanted = (entry: Entry): boolean =>
  (entry.dtype === 'float32' || entry.dtype === 'int32') && (only.length === 0 || only.includes(entry.op));

const core = new URL('../../packages/core/test/fixtures/ops/', import.meta.url);
const ofNn = new URL('../../packages/nn/test/fixtures/', import.meta.url);
const suites: [URL, object, (name: string, variant: string) => ReturnType<typeof operationOf>][] = [
  ...fixturesIn(core, '').map(
    (name) => [new URL(name, core), kindling, operationOf] as [URL, object, typeof operationOf],
  ),
  ...fixturesIn(ofNn, 'functional').map(
    (name) => [new URL(name, ofNn), nn.functional, functionalOperation] as [URL, object, typeof operationOf],
  ),
];
for (const [url, root, find] of suites) {
  for (const entry of readFixture<Entry>(url).entries) {
    const operation = find(entry.op, entry.variant);
    if (!wanted(entry) || operation === undefined) continue;
    for (const [number, sample] of entry.samples.slice(0, 12).entries()) {
      if (isOutside(entry, operation, sample)) continue;
      for (const form of formsOf(entry, operation, sample).filter((f) => number < 3 || f !== 'in place'))
        attempt(`${entry.op} ${entry.dtype} ${number} ${form}`, sample, caller(root, entry, operation, form));
    }
  }
}
for (const name of ['losses', 'loss-edges']) {
  for (const entry of readFixture<Entry>(new URL(name, ofNn)).entries) {
    if (!wanted(entry) || !entry.op.startsWith('nn.functional.')) continue;
    for (const [number, sample] of entry.samples.slice(0, 12).entries())
      attempt(`${entry.op} ${entry.dtype} ${number}`, sample, functionOf(entry));
  }
}

writeFileSync(`${out}/functions_written.py`, fileOf('Functions written from recordings.', definitions));
await saveSafetensors(`${out}/functions.safetensors`, tensors);
writeFileSync(`${out}/functions.json`, JSON.stringify({ cases, failures }));
console.log(`${cases.length} samples written, ${failures.length} not`);
