/**
 * Draws what was recorded of a small net: the graph of its loss, which backward walks, and its compiled training step.
 *
 *     pnpm graph [--out DIR]
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  compile,
  type DrawingOptions,
  manualSeed,
  randn,
  type Tensor,
  toDot,
  toMermaid,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { instance } from '@viz-js/viz';
import { reportWritten, runExample } from './command-line.ts';

const example = {
  name: 'graph',
  does: 'Draws the graph of a small net and its compiled training step, as DOT, Mermaid and pictures.',
  numbers: {},
  switches: {},
};

await runExample(example, async ({ out }) => {
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = nn.F.mseLoss(model(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const [x, y] = [randn([16, 2]), randn([16, 1])];
  // The first call runs the function as it is, the second one is recorded.
  for (let i = 0; i < 2; i++) step(x, y);

  console.log(nn.summary(model, [16, 2]));
  const options: DrawingOptions = { names: model.namedParameters() };
  const [program] = step.programs;
  const drawings = { loss: nn.F.mseLoss(model(x), y), ...(program && { step: program }) };
  const graphviz = await instance();
  for (const [name, of] of Object.entries(drawings)) {
    const dot = toDot(of, options);
    await writeFile(join(out, `${name}.dot`), dot);
    await writeFile(join(out, `${name}.mmd`), toMermaid(of, options));
    await writeFile(join(out, `${name}.svg`), graphviz.renderString(dot, { format: 'svg' }));
  }
  console.log('loss: the graph of the loss. step: the compiled step.');
  reportWritten(
    out,
    Object.keys(drawings).flatMap((name) => ['dot', 'mmd', 'svg'].map((kind) => `${name}.${kind}`)),
  );
});
