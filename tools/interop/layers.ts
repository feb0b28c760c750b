/**
 * Every layer of the fixtures in a model of its own, as Python beside its state, inputs and outputs. `layers.py` loads
 * and runs them in PyTorch. Usage: tsx tools/interop/layers.ts out
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { noGrad, Tensor } from '../../packages/core/src/index.ts';
import { saveSafetensors } from '../../packages/core/src/node/index.ts';
import { type Entry, fixturesIn, readFixture } from '../../packages/core/test/oracle/fixture.ts';
import { makeArguments } from '../../packages/core/test/oracle/run.ts';
import { optionsOf } from '../../packages/core/test/oracle/signature.ts';
import { recordBatches } from '../../packages/interop/src/recording/index.ts';
import { modelFile } from '../../packages/interop/src/torch-project/python/index.ts';
import * as nn from '../../packages/nn/src/index.ts';
import { functions, moduleOf } from '../../packages/nn/test/oracle/modules.ts';

const [out = 'out'] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

type Call = (...given: unknown[]) => unknown;

class Net extends nn.Module<unknown[], unknown> {
  layer: nn.AnyModule;
  readonly #with: (given: readonly Tensor[]) => unknown[];
  constructor(layer: nn.AnyModule, given: (at: readonly Tensor[]) => unknown[]) {
    super();
    this.layer = layer;
    this.#with = given;
  }
  override forward(...x: unknown[]): unknown {
    return (this.layer as unknown as Call)(...this.#with(x as Tensor[]));
  }
}

const tensors: Record<string, Tensor> = {};
const cases: { name: string; what: string; text: string; inputs: number; outputs: number; eval: boolean }[] =
  [];
const failures: string[] = [];
const ofNn = new URL('../../packages/nn/test/fixtures/', import.meta.url);
for (const file of [
  'losses',
  'loss-edges',
  ...['criteria-', 'modules'].flatMap((of) => fixturesIn(ofNn, of)),
]) {
  for (const entry of readFixture<Entry>(new URL(file, ofNn)).entries) {
    if (entry.op.startsWith('nn.functional.')) continue;
    for (const [number, sample] of entry.samples.entries()) {
      const what = `${entry.op}[${entry.variant}] ${entry.dtype} ${number}`;
      try {
        const { module } = moduleOf(entry, sample);
        const { args, kwargs, tensors: given } = makeArguments(sample, 'contiguous', functions);
        const options = optionsOf(Object.entries(kwargs));
        const list = Object.keys(options).length > 0 ? [...args, options] : [...args];
        const put = (x: unknown, at: readonly Tensor[]): unknown => {
          if (x instanceof Tensor) return at[given.indexOf(x)] ?? x;
          if (Array.isArray(x)) return x.map((item) => put(item, at));
          if (typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype)
            return Object.fromEntries(Object.entries(x).map(([k, item]) => [k, put(item, at)]));
          return x;
        };
        const inputs = given.map((x) => x.detach());
        const net = new Net(module as unknown as nn.AnyModule, (at) => list.map((x) => put(x, at)));
        const recorded = {
          call: (...x: Tensor[]) => (net as unknown as Call)(...x),
          inputs,
          models: { '': net as nn.AnyModule },
        };
        const batchDims = inputs.map(() => null);
        const [training, evaluation] = [true, false].map((mode) =>
          recordBatches(recorded, { training: mode, batchDims }),
        );
        if (training === undefined || evaluation === undefined) throw new Error('no recording');
        const { text } = modelFile(net as nn.AnyModule, training, evaluation, 'Net');
        const name = `m${cases.length}`;
        for (const [key, x] of Object.entries(net.stateDict()))
          tensors[`${name}.state.${key}`] = (x as Tensor).clone();
        net.train(sample.eval !== 1);
        inputs.forEach((x, i) => {
          tensors[`${name}.in.${i}`] = x.clone();
        });
        const leaves = (x: unknown): Tensor[] =>
          Array.isArray(x)
            ? x.flatMap(leaves)
            : x instanceof Tensor
              ? [x]
              : typeof x === 'object' && x !== null
                ? Object.values(x).flatMap(leaves)
                : [];
        const outputs = leaves(noGrad(() => (net as unknown as Call)(...inputs.map((x) => x.clone()))));
        outputs.forEach((y, i) => {
          tensors[`${name}.out.${i}`] = y.detach().contiguous();
        });
        cases.push({
          name,
          what,
          text,
          inputs: inputs.length,
          outputs: outputs.length,
          eval: sample.eval === 1,
        });
      } catch (error) {
        failures.push(`${what}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
      }
    }
  }
}
await saveSafetensors(`${out}/layers.safetensors`, tensors);
writeFileSync(`${out}/layers.json`, JSON.stringify({ cases, failures }));
console.log(`${cases.length} layers written, ${failures.length} not`);
