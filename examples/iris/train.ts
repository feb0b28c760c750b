import { noGrad, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { compiledIf } from '../compiled-if.ts';
import type { Progress } from '../progress.ts';

/** Brings measurements to mean 0 and deviation 1, as they have them among those it was made with. */
export class Standardize extends nn.Module<[Tensor], Tensor> {
  mean: Tensor;
  std: Tensor;

  constructor(x: Tensor) {
    super();
    this.mean = this.registerBuffer('mean', x.mean(0));
    this.std = this.registerBuffer('std', x.std(0));
  }

  override forward(x: Tensor): Tensor {
    return x.sub(this.mean).div(this.std);
  }
}

export type Model = nn.Module<[Tensor], Tensor>;

/** Some of the flowers. */
export interface Part {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** What a training is told. */
interface Settings {
  /** Steps at most, each over all flowers. */
  readonly epochs: number;
  /** After so many epochs without a lower validation loss training ends. */
  readonly patience: number;
  readonly lr: number;
  readonly hidden: number;
  readonly compile: boolean;
}

/** What came of a training. */
export interface Trained {
  /** With the weights of the best epoch. */
  readonly model: Model;
  /** The losses after each epoch, before the first too. */
  readonly losses: readonly { readonly training: number; readonly validation: number }[];
  /** The epoch of the lowest validation loss. */
  readonly best: number;
}

/** Trains until the loss on `validation` has not fallen for a while, and goes back to where it was lowest. */
export function trainUntilItStops(
  training: Part,
  validation: Part,
  classes: number,
  settings: Settings,
  progress: Progress,
): Trained {
  const features = training.x.shape.at(-1) ?? 0;
  const model = new nn.Sequential(
    new Standardize(training.x),
    new nn.Linear(features, settings.hidden),
    new nn.Tanh(),
    new nn.Linear(settings.hidden, classes),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: settings.lr });
  const lossFn = new nn.CrossEntropyLoss();
  const step = compiledIf(settings.compile, ({ x, y }: Part): Tensor => {
    optimizer.zeroGrad();
    const loss = lossFn(model(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const lossOn = ({ x, y }: Part): number => noGrad(() => lossFn(model(x), y).item());
  const copyOfState = (): nn.StateDict =>
    Object.fromEntries(Object.entries(model.stateDict()).map(([name, x]) => [name, x.clone()]));

  const losses = [{ training: lossOn(training), validation: lossOn(validation) }];
  let best = { epoch: 0, loss: Number.POSITIVE_INFINITY, state: copyOfState() };
  for (let epoch = 1; epoch <= settings.epochs; epoch++) {
    step(training);
    const loss = lossOn(validation);
    losses.push({ training: lossOn(training), validation: loss });
    progress.update(epoch, [`validation loss ${loss.toFixed(4)}`]);
    if (loss < best.loss) best = { epoch, loss, state: copyOfState() };
    else if (epoch - best.epoch >= settings.patience) break;
  }
  progress.stop();
  model.loadStateDict(best.state);
  return { model, losses, best: best.epoch };
}
