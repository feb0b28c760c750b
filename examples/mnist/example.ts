import { seed, switches } from '../command-line.ts';

/** The example's command line. */
export const example = {
  name: 'mnist',
  does: 'Trains a 784-128-10 network on the full MNIST and reports how well it reads digits.',
  numbers: {
    epochs: {
      help: 'passes over the 60,000 training images',
      fallback: 5,
      integer: true,
      least: 1,
      most: 1000,
    },
    lr: {
      help: "Adam's first learning rate, which falls along half a cosine",
      fallback: 0.001,
      integer: false,
      least: 0,
    },
    'batch-size': { help: 'images a step', fallback: 64, integer: true, least: 1, most: 60_000 },
    seed: { ...seed, help: 'seed of the weights and of the order of the images' },
  },
  switches,
};
