/**
 * What each runtime runs: a training step and products on one thread and on several, whose bits must be the same, and
 * checkpoints.
 */
import {
  compile,
  getNumThreads,
  manualSeed,
  matmul,
  noGrad,
  randint,
  randn,
  setNumThreads,
  type Tensor,
} from '../../packages/core/src/index.ts';
import { team, worth } from '../../packages/core/src/kernels/threads/index.ts';
import { trainingStep } from '../../packages/core/test/support/training-step.ts';
import * as nn from '../../packages/nn/src/index.ts';
import * as optim from '../../packages/optim/src/index.ts';
import { type StorageFindings, storageFindings } from './storages.ts';

/** What was found. */
export interface Findings {
  readonly byDefault: number;
  /** Of a page. */
  readonly isolated: boolean | null;
  /** Whether parameters and products have the bits of one thread. */
  readonly same: boolean;
  /** How many parts of programs workers took, and how many of eager calls. */
  readonly takenByPrograms: number;
  readonly takenByCalls: number;
  readonly storages: StorageFindings;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
/** For so many milliseconds workers may take to start. */
const patience = 10_000;

const bitsOf = (tensors: Iterable<Tensor>): string =>
  [...tensors].map((x) => new Uint32Array(x.detach().clone().data.slice().buffer).join()).join(';');

/** Trains for some steps; then goes on without counting until workers took parts, where any are to. */
async function train(threads: number): Promise<string> {
  setNumThreads(threads);
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(200, 301), new nn.ReLU(), new nn.Linear(301, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const lossFn = new nn.CrossEntropyLoss();
  const step = compile(trainingStep(optimizer, (x: Tensor, y: Tensor) => lossFn(model(x), y)));
  const [x, y] = [randn([96, 200]), randint(0, 10, [96])];
  for (let i = 0; i < 40; i++) {
    step(x, y);
    await pause();
  }
  const bits = bitsOf(model.parameters());
  const before = team.taken();
  for (const end = Date.now() + patience; mayTake(threads) && team.taken() === before && Date.now() < end; ) {
    step(x, y);
    await pause();
  }
  return bits;
}

/** Whether there are workers, or may be. */
const mayTake = (threads: number): boolean => threads > 1 && team.workers() > 0;

async function multiply(threads: number): Promise<string> {
  setNumThreads(threads);
  manualSeed(1);
  worth.ofTeam = 0;
  const [a, b] = [randn([401, 433]), randn([433, 367])];
  const before = team.taken();
  let bits: string;
  const end = Date.now() + patience;
  do {
    bits = bitsOf([noGrad(() => matmul(a, b))]);
    await pause();
  } while (mayTake(threads) && team.taken() === before && Date.now() < end);
  return bits;
}

/** Runs it all. */
export async function findings(): Promise<Findings> {
  const byDefault = getNumThreads();
  const alone = [await train(1), await multiply(1)];
  const before = team.taken();
  const programs = [await train(2), await train(3)];
  const between = team.taken();
  const calls = [await multiply(2), await multiply(3)];
  return {
    byDefault,
    isolated: (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? null,
    same: programs.every((bits) => bits === alone[0]) && calls.every((bits) => bits === alone[1]),
    takenByPrograms: between - before,
    takenByCalls: team.taken() - between,
    storages: await storageFindings(),
  };
}
