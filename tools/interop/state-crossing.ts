/**
 * The half of state_crossing.py that runs here: `FROM TO half` loads each checkpoint in FROM, goes on with its run, as
 * `jobs.json` there describes it, up to the middle, and saves a checkpoint of the same name in TO; `FROM TO steps` goes
 * on up to the end.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  arange,
  Checkpoint,
  camelCase,
  type DType,
  ones,
  type Shape,
  type Tensor,
  zeros,
} from '../../packages/core/src/index.ts';
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
  /** Whether gradients are the same in each step, of curvatures from 1 to the number of elements. */
  readonly steady: boolean;
  readonly half: number;
  readonly steps: number;
}

type Maker = new (groups: unknown, options: unknown) => optim.Optimizer;

const named = (options: Options): Options =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value]));

const makers = optim as unknown as Record<string, Maker>;

function made({ optimizer, options }: Job, groups: unknown): optim.Optimizer | optim.SAM {
  const make = makers[optimizer] as Maker;
  if (optimizer !== 'SAM') {
    const found = new make(groups, named(options)) as optim.Optimizer & { train?(): void };
    found.train?.();
    return found;
  }
  const { base, rho, adaptive, ...others } = options as Options & { readonly base: string };
  return new optim.SAM(new (makers[base] as Maker)(groups, named(others)), {
    rho,
    adaptive,
  } as optim.SAMOptions);
}

function stepOf(
  optimizer: optim.Optimizer | optim.SAM,
  params: readonly Tensor[],
  step: number,
  job: Job,
): void {
  const { steady, pull, dtype } = job;
  optimizer.step(() => {
    optimizer.zeroGrad();
    const terms = params.map((p, k) => {
      const count = steady ? arange(1, p.count + 1, { dtype }).reshape([...p.shape]) : ones([], { dtype });
      const push = cotangent(p, params.length * (steady ? 0 : step) + k);
      return p
        .mul(count.mul(pull / 2))
        .add(push)
        .mul(p)
        .sum();
    });
    const loss = terms.reduce((sum, term) => sum.add(term));
    loss.backward();
    return loss;
  });
}

const [from = '', to = '', until] = process.argv.slice(2);
for (const job of JSON.parse(readFileSync(join(from, 'jobs.json'), 'utf8')) as Job[]) {
  const { name, dtype, shapes } = job;
  const model = new nn.ParameterList(shapes.map((shape) => new nn.Parameter(zeros(shape, { dtype }))));
  const params = [...model.parameters()];
  const groups = job.groups.map((group) => ({
    params: group.params.map((i) => params[i]),
    ...named(group.options),
  }));
  const optimizer = made(job, groups);
  const parts = { model, optimizer };
  const before = new Checkpoint({ storage: folderStorage(from), parts, name });
  const saved = await before.resume();
  if (saved === null) throw new Error(`${name}: there is no checkpoint in ${from}`);
  const last = until === 'half' ? job.half : job.steps;
  for (let step = saved.step + 1; step <= last; step++) stepOf(optimizer, params, step, job);
  await new Checkpoint({ storage: folderStorage(to), parts, name }).save({ step: last });
}
