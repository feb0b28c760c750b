/**
 * Exports the trainings of models.ts and has PyTorch go on with them: `verify.py`, then a hundred steps in one process,
 * on 2 and 4 ranks (DDP, gloo on loopback) and on 2 ranks in shards (FSDP2), which have to end where one process ends;
 * and back: the ranks' state is loaded here, and the next ten losses are those of PyTorch. Exits with 1 where something
 * differs.
 *
 *     PYTHON=v/bin/python npx tsx tools/interop/verify.ts [names]
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  data as datasets,
  Generator,
  indexSelect,
  randperm,
  type Tensor,
} from '../../packages/core/src/index.ts';
import { loadSafetensors } from '../../packages/core/src/node/index.ts';
import { exportTorch, importTorch } from '../../packages/interop/src/index.ts';
import { clipGradNorm_, type lrScheduler } from '../../packages/optim/src/index.ts';
import { type Training, training, trainings } from './models.ts';

const python = process.env.PYTHON ?? 'python3';
const out = resolve('out/interop');
const STEPS = 100;
const torchrun = (ranks: number): string[] => [
  '-m',
  'torch.distributed.run',
  '--nproc-per-node',
  String(ranks),
];

/** Runs Python in a folder; what it printed, and its exit code. */
function run(folder: string, args: readonly string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((fulfil) => {
    const env = { ...process.env, OMP_NUM_THREADS: '1', PYTHONWARNINGS: 'ignore' };
    const child = spawn(python, args, { cwd: folder, env });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => (text += part.toString()));
    child.on('close', (code) => fulfil({ code, text }));
  });
}

interface Line {
  readonly loss: number;
  readonly lr: readonly number[];
}
const linesOf = async (file: string): Promise<Line[]> =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const greatest = (values: readonly number[]): number =>
  values.reduce((a, b) => (b > a || Number.isNaN(b) ? b : a), 0);

/** How far two runs are apart: in losses, and in parameters and buffers. */
async function apart(folder: string, a: string, b: string): Promise<{ loss: number; state: number }> {
  const [first, second] = await Promise.all([a, b].map((name) => linesOf(join(folder, `${name}.jsonl`))));
  if (first === undefined || second === undefined || first.length !== second.length)
    return { loss: Number.NaN, state: Number.NaN };
  const loss = greatest(first.map((line, i) => Math.abs(line.loss - (second[i]?.loss ?? Number.NaN))));
  const [x, y] = await Promise.all(
    [a, b].map((name) => loadSafetensors(join(folder, name, 'state.safetensors'))),
  );
  const off = (key: string, value: Tensor): number => {
    const other = y?.[key];
    return other === undefined ? Number.NaN : value.double().sub(other.double()).abs().max().item();
  };
  const state = greatest(Object.entries(x ?? {}).map(([key, value]) => off(key, value)));
  return { loss, state };
}

/** The next losses here, in the order that train.py has. */
function losses(
  { model, optimizer, scheduler, data, clipGradNorm, ...rest }: Training,
  at: { epoch: number; sample: number },
  steps: number,
): number[] {
  const [inputs, targets] = data;
  const set = new datasets.TensorDataset(...inputs, ...targets);
  const found: number[] = [];
  let { epoch, sample } = at;
  const loss = rest.loss as (...of: Tensor[]) => Tensor;
  while (found.length < steps) {
    const order = randperm(set.length, { generator: new Generator().manualSeed(epoch) });
    const rows = order.narrow(0, sample, Math.min(16, set.length - sample));
    const [xs, ys] = [inputs, targets].map((all) => all.map((x) => indexSelect(x, 0, rows)));
    optimizer.zeroGrad();
    const output = (model as unknown as (...of: Tensor[]) => Tensor)(...(xs ?? []));
    const value = loss(output, ...(ys ?? []));
    value.backward();
    if (typeof clipGradNorm === 'number') clipGradNorm_(model.parameters(), clipGradNorm);
    optimizer.step();
    if (rest.schedulerInterval === 'step') (scheduler as lrScheduler.LRScheduler).step();
    found.push(value.item());
    sample += rows.shape[0] as number;
    if (sample >= set.length) [epoch, sample] = [epoch + 1, 0];
  }
  return found;
}

/** Verifies a training; how many things were wrong. */
async function verify(name: string): Promise<number> {
  let wrong = 0;
  const check = (what: string, isRight: boolean, more: string): void => {
    if (!isRight) wrong++;
    console.log(`${name.padEnd(17)} ${what.padEnd(22)} ${isRight ? 'ok  ' : 'FAIL'} ${more}`);
  };
  const folder = join(out, name.replaceAll(' ', '-'));
  await rm(folder, { recursive: true, force: true });
  const { data, flags = [], ...made } = training(name);
  const { files } = await exportTorch(folder, { ...made, data, name });
  const ruff = await run(folder, ['-m', 'ruff', 'format', '--check', '.']);
  const findings = await run(folder, ['-m', 'ruff', 'check', '.']);
  check(
    'ruff format, ruff check',
    ruff.code === 0 && findings.code === 0,
    ruff.code === 0 && findings.code === 0 ? `${files.length} files` : ruff.text + findings.text,
  );
  const verified = await run(folder, ['verify.py']);
  check(
    'verify.py',
    verified.code === 0,
    verified.code === 0 ? (verified.text.trim().split('\n').at(-1) ?? '') : verified.text,
  );
  const isAlone = (await readFile(join(folder, 'parallel.py'), 'utf8')).includes('runs in one process');
  const go = (to: string, before: readonly string[], after: readonly string[]) =>
    run(folder, [
      ...before,
      'train.py',
      ...['--steps', `${STEPS}`, '--every', '1000000'],
      ...['--losses', `${to}.jsonl`, '--export', to, '--checkpoints', `checkpoints-${to}`],
      ...flags,
      ...after,
    ]);
  const one = await go('one', [], []);
  check(
    `${STEPS} steps`,
    one.code === 0,
    one.code === 0 ? `loss ${(await linesOf(join(folder, 'one.jsonl'))).at(-1)?.loss}` : one.text,
  );
  const runs: [string, string, number, string[]][] = [
    ['2 ranks, DDP', 'two', 2, []],
    ['4 ranks, DDP', 'four', 4, []],
    ['2 ranks, FSDP2', 'shards', 2, ['--fsdp']],
  ];
  for (const [what, to, ranks, after] of isAlone ? [] : runs) {
    const ended = await go(to, torchrun(ranks), after);
    if (ended.code !== 0) {
      check(what, false, ended.text);
      continue;
    }
    const { loss, state } = await apart(folder, 'one', to);
    check(
      what,
      loss <= 1e-6 && state <= 1e-5,
      `losses within ${loss.toExponential(1)}, parameters within ${state.toExponential(1)}`,
    );
  }
  const from = isAlone ? 'one' : 'shards';
  const back = training(name, 0);
  const { model, optimizer, scheduler } = back;
  const at = await importTorch(join(folder, from), { model, optimizer, ...(scheduler && { scheduler }) });
  const own = losses(back, at, 10);
  const resumed = await run(folder, [
    ...(isAlone ? [] : torchrun(2)),
    ...['train.py', '--resume', '--steps', '10', '--every', '1000000'],
    ...[
      '--losses',
      `${from}-on.jsonl`,
      '--checkpoints',
      `checkpoints-${from}`,
      ...flags,
      ...(isAlone ? [] : ['--fsdp']),
    ],
  ]);
  const theirs = resumed.code === 0 ? await linesOf(join(folder, `${from}-on.jsonl`)) : [];
  const off = greatest(
    own.map((loss, i) => Math.abs(loss - (theirs[i]?.loss ?? Number.NaN)) / Math.abs(loss)),
  );
  check(
    'back, 10 steps',
    off <= 1e-5,
    resumed.code === 0 ? `losses within ${off.toExponential(1)} of those resumed in PyTorch` : resumed.text,
  );
  return wrong;
}

await mkdir(out, { recursive: true });
const asked = process.argv.slice(2);
let wrong = 0;
for (const name of asked.length > 0 ? asked : Object.keys(trainings)) wrong += await verify(name);
console.log(wrong === 0 ? 'All is as in one process, here and there.' : `${wrong} checks failed.`);
process.exitCode = wrong === 0 ? 0 : 1;
