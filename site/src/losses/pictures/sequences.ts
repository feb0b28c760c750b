import { fullLike, stack, type Tensor, zerosLike } from '@kindling/core';
import { F } from '@kindling/nn';
import { choice, slider } from './controls.ts';
import { over, picture } from './picture.ts';

const none = { reduction: 'none' } as const;
const times = 4;

/** Logits (T, P, 3) that are 0, but for those of classes 1 and 2 at one time. */
const logitsOf = (first: Tensor, second: Tensor, time: number): Tensor =>
  stack(
    Array.from({ length: times }, (_, t) =>
      stack(
        [zerosLike(first), t === time ? first : zerosLike(first), t === time ? second : zerosLike(first)],
        1,
      ),
    ),
    0,
  );

function lossOf(logits: Tensor, target: string): Tensor {
  const logProbs = logits.logSoftmax(2);
  const like = logits.select(0, 0).select(1, 0).detach();
  const labels = target.split(' ').map((label) => fullLike(like, Number(label), { dtype: 'int32' }));
  const length = (of: number): Tensor => fullLike(like, of, { dtype: 'int32' });
  return F.ctcLoss(logProbs, stack(labels, 1), length(times), length(labels.length), none);
}

/** Pictures of losses of sequences. */
export const sequencePictures = {
  CTCLoss: picture({
    axis: over('logit of class 1 at one time', -6, 6),
    controls: {
      target: choice('target', ['1 2', '2 1', '1 1', '1', '2']),
      time: slider('time', 0, 0, times - 1, 1),
    },
    says: 'Four times, three classes of which 0 is the blank, and all logits 0 but one. Whether class 1 helps depends on when it comes: at the first time it is good for the target 1 2 and bad for 2 1.',
    loss: (x, { target, time }) => lossOf(logitsOf(x, zerosLike(x), time), target),
    landscape: ({ target, time }) => ({
      axes: [over('logit of class 1', -6, 6), over('logit of class 2', -6, 6)],
      start: [-4, 4],
      rate: 5,
      says: 'The logits of both classes at the time that is set above, all others being 0. For the target 1 2 only class 1 helps at the first time and only class 2 at the last; in between either does.',
      loss: (first, second) => lossOf(logitsOf(first, second, time), target),
    }),
  }),
} as const;
