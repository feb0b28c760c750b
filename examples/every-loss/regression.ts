import { cat, rand, randn, type Tensor, tensor } from '@kindling/core';
import type * as nn from '@kindling/nn';
import { explained, type PairLoss, share, smallModel, type Task, task } from './task.ts';

/** A smooth function of three variables, (N, 3) to (N, 1). */
function surface(x: Tensor): Tensor {
  const [a, b, c] = x.unbind(1);
  return a!.sin().add(b!.mul(0.5)).sub(c!.square().mul(0.3)).unsqueeze(1);
}

/** Fits a function, known at the places that `draw` draws; the score is the share of variance explained. */
function fitted(measure: string, draw: () => Tensor, truth: (x: Tensor) => Tensor, loss: PairLoss): Task {
  const train = draw();
  const test = draw();
  const target = truth(train);
  const model = smallModel(train.size(1), 1);
  return task(measure, 0.95, model, {
    loss: () => loss(model(train), target),
    score: () => explained(model(test), truth(test)),
  });
}

/** Fits a function of three variables. */
export const fit = (loss: PairLoss): Task =>
  fitted('R^2 of a fitted function', () => randn([256, 3]), surface, loss);

/** Fits a bump in the plane with values in [0, 1], as in a heatmap. */
export function heatmap(loss: PairLoss): Task {
  const places = (): Tensor => rand([256, 2]).mul(2).sub(1);
  const bump = (x: Tensor): Tensor => x.sub(0.2).square().sum(1, { keepdim: true }).mul(-4).exp();
  return fitted('R^2 of a heatmap', places, bump, loss);
}

/**
 * Energies over two orders of magnitude from two noisy measurements, with outliers; what counts is the
 * fraction.
 */
export function energies(loss: PairLoss): Task {
  const draw = (): { measured: Tensor; energy: Tensor } => {
    const scale = rand([512, 1]).mul(4.5);
    const noise = randn([512, 2]).mul(0.05);
    const outliers = rand([512, 2]).lt(0.02).float();
    return { measured: scale.add(noise).add(outliers), energy: scale.exp().mul(2) };
  };
  const train = draw();
  const test = draw();
  const model = smallModel(2, 1);
  const estimate = (x: Tensor): Tensor => model(x.mul(0.5).sub(1)).exp().mul(20);
  return task('share of energies within 10 %', 0.85, model, {
    loss: () => loss(estimate(train.measured), train.energy),
    score: () => share(estimate(test.measured).div(test.energy).sub(1).abs().lt(0.1)),
  });
}

/** Learns quantiles of a noise whose width depends on the input. */
export function quantiles(q: readonly number[], loss: PairLoss): Task {
  const draw = (): { x: Tensor; y: Tensor } => {
    const x = rand([512, 1]).mul(2).sub(1);
    const noise = rand([512]).mul(2).sub(1);
    return {
      x,
      y: x
        .squeeze(1)
        .mul(2)
        .add(noise.mul(x.squeeze(1).add(1.5))),
    };
  };
  const train = draw();
  const test = draw();
  const model = smallModel(1, q.length);
  return task('how well quantiles cover', 0.95, model, {
    loss: () => loss(model(train.x), train.y),
    score() {
      const below = test.y.unsqueeze(1).lt(model(test.x)).float().mean(0);
      return (
        1 -
        below
          .sub(tensor([...q]))
          .abs()
          .max()
          .item()
      );
    },
  });
}

/** Learns how noisy a measurement is, along with its mean. */
export function noise(lossFn: nn.GaussianNLLLoss): Task {
  const sigma = (x: Tensor): Tensor => x.mul(2).sigmoid().mul(0.8).add(0.1);
  const train = randn([1024, 1]);
  const test = randn([256, 1]);
  const target = train.sin().add(sigma(train).mul(randn([1024, 1])));
  const model = smallModel(1, 2);
  const predict = (x: Tensor): [mean: Tensor, variance: Tensor] => {
    const [mean, logVariance] = model(x).chunk(2, 1);
    return [mean!, logVariance!.exp()];
  };
  return task('R^2 of the width of a noise', 0.8, model, {
    loss() {
      const [mean, variance] = predict(train);
      return lossFn(mean, target, variance);
    },
    score: () => explained(predict(test)[1].sqrt(), sigma(test)),
  });
}

/** A number of events for each rate, by Knuth's product of uniform numbers. */
function poisson(rates: Tensor): Tensor {
  const uniform = (): number => rand([1]).item();
  const counts = Array.from(rates.data, (rate) => {
    let count = 0;
    for (let p = uniform(); p > Math.exp(-rate); p *= uniform()) count++;
    return count;
  });
  return tensor(counts, { dtype: 'float32' }).reshape(rates.shape);
}

/** Learns the rate of events from how many were counted. */
export function counts(loss: PairLoss): Task {
  const logRate = (x: Tensor): Tensor => x.matmul(tensor([[0.5], [-0.8]])).add(1);
  const train = randn([512, 2]);
  const test = randn([256, 2]);
  const target = poisson(logRate(train).exp());
  const model = smallModel(2, 1);
  return task('R^2 of the logarithm of a rate', 0.9, model, {
    loss: () => loss(model(train), target),
    score: () => explained(model(test), logRate(test)),
  });
}

/** Learns a distribution over four classes that depends on the input. */
export function distribution(loss: PairLoss): Task {
  const truth = (x: Tensor): Tensor =>
    cat([x, x.mul(-1)], 1)
      .mul(1.5)
      .softmax(1);
  const train = randn([256, 2]);
  const test = randn([256, 2]);
  const target = truth(train);
  const model = smallModel(2, 4);
  return task('overlap of distributions', 0.95, model, {
    loss: () => loss(model(train), target),
    score: () => 1 - model(test).softmax(1).sub(truth(test)).abs().sum(1).mean().item() / 2,
  });
}
