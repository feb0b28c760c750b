import { fullLike, stack, type Tensor, zerosLike } from '@kindling/core';
import { F } from '@kindling/nn';
import { choice, picture, slider } from './picture.ts';

const none = { reduction: 'none' } as const;
const times = 4;

/** Logits (T, P, 3) that are 0, but for x: the logit of class 1 at one time. */
const logitsOf = (x: Tensor, time: number): Tensor =>
  stack(
    Array.from({ length: times }, (_, t) =>
      stack([zerosLike(x), t === time ? x : zerosLike(x), zerosLike(x)], 1),
    ),
    0,
  );

/** Pictures of losses of sequences. */
export const sequencePictures = {
  CTCLoss: picture({
    axis: { label: 'logit of class 1 at one time', from: -6, to: 6 },
    controls: {
      target: choice('target', ['1 2', '2 1', '1 1', '1', '2']),
      time: slider('time', 0, 0, times - 1, 1),
    },
    says: 'Four times, three classes of which 0 is the blank, and all logits 0 but one. Whether class 1 helps depends on when it comes: at the first time it is good for the target 1 2 and bad for 2 1.',
    loss(x, { target, time }) {
      const labels = target.split(' ').map((label) => fullLike(x, Number(label), { dtype: 'int32' }));
      const logProbs = logitsOf(x, time).logSoftmax(2);
      const length = (of: number): Tensor => fullLike(x, of, { dtype: 'int32' });
      return F.ctcLoss(logProbs, stack(labels, 1), length(times), length(labels.length), none);
    },
  }),
} as const;
