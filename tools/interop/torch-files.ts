/**
 * The half of torch_files.py that runs here: `again IN OUT` loads what PyTorch wrote and saves it;
 * `drawn OUT SEED COUNT` writes files of drawn values, and what they hold as JSON; `train IN OUT` goes on with
 * trainings for some steps.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '../../packages/core/src/index.ts';
import { loadTorch, saveTorch } from '../../packages/interop/src/torch-file/index.ts';
import * as nn from '../../packages/nn/src/index.ts';
import * as optim from '../../packages/optim/src/index.ts';

const [task = '', ...args] = process.argv.slice(2);

async function again(from: string, to: string): Promise<void> {
  for (const name of readdirSync(from)) await saveTorch(join(to, name), await loadTorch(join(from, name)));
}

const dtypes = ['float32', 'float64', 'int32', 'uint8', 'bool'] as const;

/** Draws of the seed's stream. */
const below = (n: number): number => core.randint(0, n, [1]).item();
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

/** A tensor of drawn dtype, shape, values and layout, and what it is in PyTorch's words. */
function drawnTensor(): { value: core.Tensor; recorded: object } {
  const dtype = pick(dtypes);
  const shape = Array.from({ length: below(5) }, () => below(4));
  const random = core.randn(shape, { dtype: 'float64' });
  let value =
    dtype === 'bool'
      ? random.gt(0)
      : dtype === 'uint8'
        ? random.abs().mul(50).to('uint8')
        : random.mul(1e5).to(dtype);
  if (value.ndim > 1 && below(2) === 1) value = value.transpose(0, value.ndim - 1);
  if (value.ndim > 0 && value.size(0) > 1 && below(2) === 1) value = value.narrow(0, 1, value.size(0) - 1);
  if (value.ndim < 4 && below(4) === 0) value = value.unsqueeze(0).expand([2, ...value.shape]);
  const grad = core.isFloatingPoint(dtype) && below(2) === 1;
  const parameter = below(2) === 1;
  if (parameter) value = new nn.Parameter(value, { requiresGrad: grad });
  else if (grad) value = value.detach().requiresGrad_();
  const data = [...core.valuesOf(value.detach(), 'test')];
  return {
    value,
    recorded: { tensor: data, dtype, shape: value.shape, stride: value.strides, grad, parameter },
  };
}

/** A drawn value, nested up to a depth. */
function drawnValue(depth: number): { value: unknown; recorded: unknown } {
  const kind = depth === 0 ? below(6) : below(10);
  if (kind < 3) return drawnTensor();
  if (kind === 3) {
    const value = pick([
      0,
      1,
      -1,
      255,
      256,
      70_000,
      -(2 ** 31),
      2 ** 31,
      Number.MAX_SAFE_INTEGER,
      0.5,
      -1e300,
      true,
      false,
    ]);
    return { value, recorded: { plain: value } };
  }
  if (kind === 4) {
    const value = pick(['', 'text', 'Grüße 😀', 'a'.repeat(300), '__proto__']);
    return { value, recorded: { plain: value } };
  }
  if (kind === 5) return { value: null, recorded: { plain: null } };
  const items = Array.from({ length: below(4) }, () => drawnValue(depth - 1));
  if (kind < 8)
    return {
      value: items.map(({ value }) => value),
      recorded: { list: items.map(({ recorded }) => recorded) },
    };
  const names = items.map((_, i) => pick([`layer.${i}.weight`, `key ${i}`, `ü${i}`]));
  return {
    value: Object.fromEntries(items.map(({ value }, i) => [names[i], value])),
    recorded: { dict: items.map(({ recorded }, i) => [names[i], recorded]) },
  };
}

async function drawn(to: string, seed: number, count: number): Promise<void> {
  core.manualSeed(seed);
  for (let i = 0; i < count; i++) {
    const items = Array.from({ length: 8 }, () => drawnValue(3));
    await saveTorch(
      join(to, `${i}.pt`),
      items.map(({ value }) => value),
    );
    writeFileSync(join(to, `${i}.json`), JSON.stringify({ list: items.map(({ recorded }) => recorded) }));
  }
}

interface Training {
  readonly optimizer: string;
  readonly options: Record<string, unknown>;
  readonly dtype: 'float32' | 'float64';
  readonly steps: number;
  readonly x: core.Tensor;
  readonly y: core.Tensor;
  readonly model: nn.StateDict;
  readonly state: optim.OptimizerStateDict;
}

type Maker = new (params: unknown, options?: unknown) => optim.Optimizer;

async function train(from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const saved = await loadTorch<Training>(join(from, name));
    const model = new nn.Sequential(
      new nn.Linear(4, 8, { bias: false }),
      new nn.BatchNorm1d(8),
      new nn.Tanh(),
      new nn.Linear(8, 3),
    ).to(saved.dtype);
    model.loadStateDict(saved.model);
    const parts = model.children();
    const groups = [
      { params: parts[0]?.parameters() },
      { params: [...(parts[1]?.parameters() ?? []), ...(parts[3]?.parameters() ?? [])] },
    ];
    const options = Object.fromEntries(
      Object.entries(saved.options).map(([key, value]) => [core.camelCase(key), value]),
    );
    const optimizer = new (optim as unknown as Record<string, Maker>)[saved.optimizer]!(groups, options);
    optimizer.loadStateDict(saved.state);
    const losses: number[] = [];
    const lossOf = new nn.MSELoss();
    for (let step = 0; step < saved.steps; step++) {
      optimizer.zeroGrad();
      const loss = lossOf(model(saved.x), saved.y);
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
    }
    await saveTorch(join(to, name), { model: model.stateDict(), state: optimizer.stateDict(), losses });
  }
}

if (task === 'again') await again(args[0] as string, args[1] as string);
else if (task === 'drawn') await drawn(args[0] as string, Number(args[1]), Number(args[2]));
else if (task === 'train') await train(args[0] as string, args[1] as string);
else throw new Error(`unknown task ${task}`);
