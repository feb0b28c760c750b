import { count, rate, seed, switches } from '../command-line.ts';

/** The example's command line. */
export const example = {
  name: 'mnist',
  does: 'Trains a 784-128-10 network on the full MNIST and reports how well it reads digits.',
  numbers: {
    epochs: count('passes over the 60,000 training images', 5, 1000),
    lr: rate("Adam's first learning rate, which falls along half a cosine", 0.001),
    'batch-size': count('images a step', 64, 60_000),
    seed: { ...seed, help: 'seed of the weights and of the order of the images' },
  },
  switches,
};
