/**
 * Every loss of nn as loss.py, with inputs and what Kindling computes; `layers.py` runs them in PyTorch.
 * Usage: tsx tools/interop/losses.ts out
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { randn, Tensor, tensor } from '../../packages/core/src/index.ts';
import { saveSafetensors } from '../../packages/core/src/node/index.ts';
import { recordBatches } from '../../packages/interop/src/recording/index.ts';
import {
  lossByCalls,
  lossByClass,
  lossByName,
} from '../../packages/interop/src/torch-project/python/index.ts';
import * as nn from '../../packages/nn/src/index.ts';
import { losses } from '../../packages/nn/test/losses/all.ts';
import { Dice } from '../../packages/nn/test/losses/dice.ts';

const [out = 'out'] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

type Call = (...given: unknown[]) => unknown;

/** What the constructors of losses take before their options, and what these are called with. */
const required: Readonly<Record<string, readonly unknown[]>> = {
  ArcFaceLoss: [4, 5],
  CosFaceLoss: [4, 5],
  BinnedHuberLoss: [[0, 1, 2, 4]],
  InfoNCELoss: [],
  QuantileLoss: [[0.1, 0.5, 0.9]],
  LinearCrossEntropyLoss: [4, 5],
};
const classes = (): Tensor => tensor([0, 1, 2, 3, 4, 1]);
const given: Readonly<Record<string, () => unknown[]>> = {
  ArcFaceLoss: () => [randn([6, 4]), classes()],
  CosFaceLoss: () => [randn([6, 4]), classes()],
  LinearCrossEntropyLoss: () => [randn([6, 4]), classes()],
  BinnedHuberLoss: () => [randn([6, 2]), randn([6, 2]).mul(3)],
  InfoNCELoss: () => [randn([6, 4]), randn([6, 4])],
  QuantileLoss: () => [randn([6, 3]), randn([6])],
};

const tensors: Record<string, Tensor> = {};
const cases: object[] = [];
const failures: string[] = [];

for (const { name, draw } of losses) {
  if (name === null) continue;
  for (const reduction of ['mean', 'sum', 'none'])
    for (const seed of [1, 2]) {
      const what = `${name}[${reduction}] float32 ${seed}`;
      try {
        const { args: drawn, options } = draw({
          n: 6,
          c: 5,
          extra: seed === 1 ? [] : [3],
          dice: new Dice(seed),
        });
        const args = given[name]?.() ?? drawn;
        const Loss = (nn as unknown as Record<string, new (...given: unknown[]) => nn.AnyModule>)[name];
        if (Loss === undefined) throw new Error('no such class');
        const loss = new Loss(...(required[name] ?? []), {
          ...(required[name] === undefined ? options : {}),
          reduction,
        });
        const inputs = args.filter((x) => x instanceof Tensor).map((x) => x.detach());
        const call = (...at: Tensor[]): unknown => {
          let i = 0;
          return (loss as unknown as Call)(...args.map((x) => (x instanceof Tensor ? at[i++] : x)));
        };
        const whole = (models: Record<string, nn.AnyModule>) =>
          recordBatches({ call, inputs, models }, { batchDims: inputs.map(() => null) });
        const file =
          lossByName(loss) ??
          (Object.keys(loss.stateDict()).length > 0
            ? lossByClass(loss, [whole({ '': loss }), whole({ '': loss })], inputs[0])
            : null) ??
          lossByCalls(
            loss,
            recordBatches({ call, inputs, models: { loss } }, { batchDims: inputs.map(() => null) }),
            inputs[0],
          );
        const id = `m${cases.length}`;
        for (const [key, x] of Object.entries(loss.stateDict()))
          tensors[`${id}.state.${key}`] = (x as Tensor).clone();
        inputs.forEach((x, i) => {
          tensors[`${id}.in.${i}`] = x.clone();
        });
        const result = call(...inputs.map((x) => x.clone())) as Tensor;
        tensors[`${id}.out.0`] = result.detach().contiguous();
        cases.push({ name: id, what, text: file.text, inputs: inputs.length, outputs: 1, eval: false });
      } catch (error) {
        failures.push(`${what}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
      }
    }
}
await saveSafetensors(`${out}/layers.safetensors`, tensors);
writeFileSync(`${out}/layers.json`, JSON.stringify({ cases, failures }));
console.log(`${cases.length} losses written, ${failures.length} not`);
