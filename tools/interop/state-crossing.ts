/**
 * The half of state_crossing.py that runs here: `FROM TO FIRST LAST` loads each checkpoint in FROM, makes the steps FIRST to LAST of its
 * run as `jobs.json` there describes it, and saves a checkpoint of the same name in TO.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint, camelCase, type DType, type Shape, type Tensor, zeros } from '../../packages/core/src/index.ts';
import { folderStorage } from '../../packages/core/src/node/index.ts';
import { cotangent } from '../../packages/core/test/oracle/tensors.ts';
import * as nn from '../../packages/nn/src/index.ts';
import * as optim from '../../packages/optim/src/index.ts';

type Options = Readonly<Record<string, unknown>>;

/** A run: parameters of these shapes, and groups of them with options of their own. */
interface Job {
  readonly name: string;
  readonly optimizer: string;
  readonly options: Options;
  readonly groups: readonly { readonly params: readonly number[]; readonly options: Options }[];
  readonly dtype: DType;
  readonly shapes: readonly Shape[];
  /** What of each parameter is in its gradient. */
  readonly pull: number;
}

type Maker = new (groups: unknown, options: unknown) => optim.Optimizer;

const named = (options: Options): Options =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value]));

function stepOf(optimizer: optim.Optimizer, params: readonly Tensor[], step: number, pull: number): void {
  optimizer.step(() => {
    optimizer.zeroGrad();
    const terms = params.map((p, k) =>
      p.mul(pull / 2).add(cotangent(p, params.length * step + k)).mul(p).sum(),
    );
    const loss = terms.reduce((sum, term) => sum.add(term));
    loss.backward();
    return loss;
  });
}

const [from = '', to = '', first, last] = process.argv.slice(2);
for (const job of JSON.parse(readFileSync(join(from, 'jobs.json'), 'utf8')) as Job[]) {
  const { name, dtype, shapes } = job;
  const model = new nn.ParameterList(shapes.map((shape) => new nn.Parameter(zeros(shape, { dtype }))));
  const params = [...model.parameters()];
  const groups = job.groups.map((group) => ({
    params: group.params.map((i) => params[i]),
    ...named(group.options),
  }));
  const make = (optim as unknown as Record<string, Maker>)[job.optimizer] as Maker;
  const optimizer = new make(groups, named(job.options));
  const parts = { model, optimizer };
  const before = new Checkpoint({ storage: folderStorage(from), parts, name });
  const { step } = (await before.resume()) ?? { step: -1 };
  if (step !== Number(first) - 1) throw new Error(`${name}: at step ${step}, expected ${Number(first) - 1}`);
  for (let next = Number(first); next <= Number(last); next++) stepOf(optimizer, params, next, job.pull);
  await new Checkpoint({ storage: folderStorage(to), parts, name }).save({ step: Number(last) });
}
