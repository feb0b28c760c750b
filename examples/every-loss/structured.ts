import { arange, rand, randint, randn, stack, type Tensor, tensor, zeros } from '@kindling/core';
import type * as nn from '@kindling/nn';
import { type PairLoss, smallModel, type Task, task } from './task.ts';

const labels = 4;
const frames = 16;
const features = 6;

interface Sequences {
  /** (frames, N, features) */
  readonly sounds: Tensor;
  /** The labels of each sequence, without repetition. */
  readonly texts: readonly (readonly number[])[];
}

/** Sequences of three labels, each of which sounds for some frames, with silence (0) between. */
function sequences(prototypes: Tensor, n: number): Sequences {
  const texts: number[][] = [];
  const heard: number[] = [];
  for (let i = 0; i < n; i++) {
    const text = [0, 1, 2].map(() => randint(1, labels + 1, [1]).item());
    texts.push(text);
    const lengths = [0, 1, 2].map(() => randint(2, 5, [1]).item());
    const line = text.flatMap((label, k) => [...new Array<number>(lengths[k]!).fill(label), 0]);
    heard.push(...line, ...new Array<number>(frames - line.length).fill(0));
  }
  const clean = prototypes.indexSelect(0, tensor(heard, { dtype: 'int32' })).reshape([n, frames, features]);
  return { sounds: clean.add(randn([n, frames, features]).mul(0.3)).transpose(0, 1), texts };
}

/**
 * The labels that are heard when each frame, of (frames, N), says its likeliest: without repetitions and
 * silence.
 */
const decode = (best: Tensor): string[] =>
  best.unbind(1).map((line) => {
    const heard = Array.from(line.data);
    return heard.filter((label, t) => label !== 0 && label !== heard[t - 1]).join('');
  });

/** Learns to read label sequences from frames, without being told which frame is which. */
export function reading(lossFn: nn.CTCLoss): Task {
  const prototypes = randn([labels + 1, features]);
  const train = sequences(prototypes, 96);
  const test = sequences(prototypes, 128);
  const model = smallModel(features, labels + 1);
  const lengths = (size: number): number[] => train.texts.map(() => size);
  const targets = tensor(
    train.texts.map((text) => [...text]),
    { dtype: 'int32' },
  );
  return task('sequences read exactly', 0.85, model, {
    loss: () => lossFn(model(train.sounds).logSoftmax(2), targets, lengths(frames), lengths(3)),
    score() {
      const read = decode(model(test.sounds).argmax(2));
      return read.filter((text, i) => text === test.texts[i]!.join('')).length / read.length;
    },
  });
}

const side = 12;

interface Images {
  /** What is known of each pixel: its brightness, and that around it; (N, pixels, 2). */
  readonly pixels: Tensor;
  /** 1 on the disc, (N, 1, pixels). */
  readonly masks: Tensor;
}

/** Noisy images of a disc each. */
function discs(n: number): Images {
  const at = arange(side).float();
  const rows = at.reshape([1, side, 1]);
  const columns = at.reshape([1, 1, side]);
  const centre = (): Tensor =>
    rand([n, 1, 1])
      .mul(side - 6)
      .add(3);
  const radius = rand([n, 1, 1]).mul(1.5).add(1.5);
  const disc = rows.sub(centre()).square().add(columns.sub(centre()).square()).lt(radius.square()).float();
  const noisy = disc.add(randn([n, side, side]).mul(0.4));
  const shifted = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => noisy.roll([dy, dx], [1, 2])));
  const around = shifted.reduce((sum, image) => sum.add(image), zeros([n, side, side])).div(9);
  return {
    pixels: stack([noisy, around], 3).reshape([n, side * side, 2]),
    masks: disc.reshape([n, 1, side * side]),
  };
}

/** Finds the disc in each image; the score is intersection over union. */
export function segmentation(loss: PairLoss): Task {
  const train = discs(16);
  const test = discs(16);
  const model = smallModel(2, 1, 16);
  const logits = (pixels: Tensor): Tensor => model(pixels).transpose(1, 2);
  return task('IoU of discs in noise', 0.7, model, {
    loss: () => loss(logits(train.pixels), train.masks),
    score() {
      const found = logits(test.pixels).gt(0);
      const truth = test.masks.gt(0);
      return found.logicalAnd(truth).sum().item() / found.logicalOr(truth).sum().item();
    },
  });
}
