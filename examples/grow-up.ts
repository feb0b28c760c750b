/**
 * A net that begins here and goes on in PyTorch: three epochs of digits in Kindling, an export, and, where there is a
 * Python with torch, the next epochs on two ranks. One picture shows the losses of both.
 *
 *     pnpm grow-up [--python PROGRAM] ...
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { data, Generator, manualSeed, type Tensor } from '@kindling/core';
import { exportTorch } from '@kindling/interop';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { count, rate, reportWritten, runExample, seed } from './command-line.ts';
import { UsageError } from './flags.ts';
import { lossPicture } from './grow-up/picture.ts';
import { runIn, torchOf } from './grow-up/python.ts';
import { loadMnist } from './mnist/data.ts';
import { startProgress } from './progress.ts';

const example = {
  name: 'grow-up',
  does: 'Trains a net on digits here, exports it, and has PyTorch go on with it on two ranks.',
  numbers: {
    epochs: count('passes over the digits here', 3, 60_000),
    more: count('passes in PyTorch', 3, 60_000),
    train: count('digits to train on', 4000, 60_000),
    batch: count('digits a batch', 64, 60_000),
    lr: rate("AdamW's learning rate", 2e-3),
    seed,
  },
  switches: {},
  texts: { python: { of: 'PROGRAM', help: 'a Python with torch and safetensors (default python3)' } },
};

/** Digits as images to classes. */
class Reader extends nn.Module {
  conv = new nn.Conv2d(1, 8, 5, { stride: 2 });
  norm = new nn.GroupNorm(2, 8);
  hidden = new nn.Linear(8 * 12 * 12, 64);
  out = new nn.Linear(64, 10);

  override forward(images: Tensor): Tensor {
    const seen = nn.F.relu(this.norm(this.conv(images)));
    return this.out(nn.F.gelu(this.hidden(seen.flatten(1))));
  }
}

await runExample(example, async ({ numbers, out, texts }) => {
  const { epochs, more, batch, lr } = numbers;
  const python = texts.python ?? 'python3';
  const torch = await torchOf(python);
  const without = `${python} has no torch of 2.6 or newer with safetensors`;
  if (torch === null && texts.python !== undefined) throw new UsageError(`--python: ${without}`);
  const { train } = loadMnist();
  const size = Math.min(numbers.train, train.labels.count);
  const images = train.images.narrow(0, 0, size).reshape([-1, 1, 28, 28]);
  const labels = train.labels.narrow(0, 0, size);
  manualSeed(numbers.seed);
  const model = new Reader();
  const loss = new nn.CrossEntropyLoss({ labelSmoothing: 0.05 });
  const optimizer = new optim.AdamW(model.parameters(), { lr, weightDecay: 0.05 });
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, epochs + more);
  const digits = new data.TensorDataset(images, labels);
  const generator = new Generator().manualSeed(numbers.seed);
  const loader = new data.DataLoader(digits, { batchSize: batch, shuffle: true, generator });

  const losses: number[] = [];
  const progress = startProgress('Kindling', epochs * loader.length);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [x, y] of loader) {
      optimizer.zeroGrad();
      const value = loss(model(x), y);
      value.backward();
      optimizer.step();
      losses.push(value.item());
      progress.update(losses.length, [`loss ${value.item().toFixed(4)}`]);
    }
    scheduler.step();
  }
  progress.stop();

  const folder = join(out, 'project');
  const inputs = images.narrow(0, 0, Math.min(batch, size));
  const targets = labels.narrow(0, 0, Math.min(batch, size));
  const { files, commands } = await exportTorch(folder, {
    ...{ model, loss, optimizer, scheduler, example: { inputs, targets }, data: loader },
    ...{ epoch: epochs, seed: numbers.seed, overwrite: true },
  });
  console.log(`Exported to ${folder}: ${files.length} files. To go on there:`);
  for (const command of commands) console.log(`  ${command}`);

  if (torch === null) {
    console.log(`Nothing was run there: ${without}; name another one by --python.`);
    await writeFile(join(out, 'losses.svg'), await lossPicture(losses, [], 'Losses in Kindling'));
    reportWritten(out, ['losses.svg']);
    return;
  }
  console.log(`${python} has torch ${torch}.`);
  const steps: [title: string, args: string[]][] = [
    ['verify.py', ['verify.py']],
    [
      'train.py on 2 ranks',
      ['-m', 'torch.distributed.run', '--nproc-per-node', '2', 'train.py', '--epochs', `${more}`],
    ],
  ];
  for (const [title, args] of steps) {
    const ended = await runIn(folder, python, args);
    if (ended?.code !== 0) {
      console.error(`${title} failed:\n${ended?.text}`);
      process.exitCode = 1;
      return;
    }
    console.log(
      `${title}: ${title === 'verify.py' ? ended.text.trim().split('\n').at(-1) : `${more} epochs`}`,
    );
  }
  const lines = (await readFile(join(folder, 'losses.jsonl'), 'utf8')).trim().split('\n');
  const there = lines.map((line) => (JSON.parse(line) as { loss: number }).loss);
  await writeFile(
    join(out, 'losses.svg'),
    await lossPicture(losses, there, 'Losses in Kindling, and on in PyTorch'),
  );
  console.log(
    `${losses.length} steps here, ${there.length} there; the last loss is ${there.at(-1)?.toFixed(4)}.`,
  );
  reportWritten(out, ['losses.svg']);
});
