import { noGrad, rand, randint, randn, Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import type { optimizers } from './peers/cases.ts';

/** A net of linear layers with ReLU between them. */
interface Net {
  readonly sizes: readonly number[];
  readonly loss: 'bce' | 'ce';
}

interface Training {
  /** Forward, backward and update. */
  readonly step: (input: Tensor, target: Tensor) => Tensor;
  /** A batch of random samples. */
  readonly batch: (count: number) => [Tensor, Tensor];
  /** Has the training begin anew, on the same tensors. */
  readonly beginAnew: () => void;
}

export function training({ sizes, loss }: Net, optimizerName: (typeof optimizers)[number]): Training {
  const layers: nn.Module<[Tensor], Tensor>[] = [];
  for (let i = 0; i + 1 < sizes.length; i++) {
    layers.push(new nn.Linear(sizes[i]!, sizes[i + 1]!));
    if (i + 2 < sizes.length) layers.push(new nn.ReLU());
  }
  const model = new nn.Sequential(...layers);
  const parameters = model.parameters();
  const optimizer =
    optimizerName === 'SGD'
      ? new optim.SGD(parameters, { lr: 0.01 })
      : new optim.Adam(parameters, { lr: 1e-3 });
  const lossFn = loss === 'ce' ? new nn.CrossEntropyLoss() : new nn.BCEWithLogitsLoss();
  const outputs = sizes.at(-1)!;
  const first = parameters.map((p) => p.detach().clone());
  return {
    beginAnew() {
      noGrad(() => {
        for (const [i, p] of parameters.entries()) p.copy_(first[i]!);
      });
      for (const state of optimizer.state.values())
        for (const [name, value] of Object.entries(state)) {
          if (value instanceof Tensor) value.zero_();
          else if (typeof value === 'number') state[name] = 0;
        }
    },
    step(input, target) {
      optimizer.zeroGrad();
      const found = lossFn(model(input), target);
      found.backward();
      optimizer.step();
      return found;
    },
    batch: (count) => [
      randn([count, sizes[0]!]),
      loss === 'ce' ? randint(0, outputs, [count]) : rand([count, outputs]).round(),
    ],
  };
}
