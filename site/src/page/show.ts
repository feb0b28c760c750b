/** Shows a training to the page, step by step. */
import { Tensor } from '@kindling/core';
import { postToPage } from '../live/page.ts';
import { draw, type Shown } from './drawing.ts';
import { LossHistory } from './loss-history.ts';
import { Pace } from './pace.ts';
import type { Frame, Report } from './protocol.ts';
import { onRequest } from './requests.ts';

const frameEvery = 40;

/** A step: its loss, or where more is better its score, and pictures. */
export type Step = Shown &
  (
    | { readonly loss: Tensor | number; readonly score?: never }
    | { readonly score: Tensor | number; readonly loss?: never }
  );

const pace = new Pace();
const history = new LossHistory();
let drawing: Float32Array | undefined;
let step = 0;
let last: Step | undefined;
let lastValue = Number.NaN;

/** Steps and time at the last frames, for the rate over about half a second. */
const times: { step: number; at: number }[] = [];
let turned = Number.NEGATIVE_INFINITY;

/** Whether a call is waited for, or ought to be. */
let waiting = false;

/** A page that is slow to draw gets no more frames than it draws: what it has not seen would pile up. */
let unseen = false;

onRequest('seen', () => {
  unseen = false;
});
onRequest('drawing', ({ pixels }) => {
  drawing = pixels;
});

function stepsPerSecond(now: number): number {
  times.push({ step, at: now });
  if (times.length > 13) times.shift();
  const [first] = times;
  return first && now > first.at ? ((step - first.step) * 1000) / (now - first.at) : 0;
}

function sendFrame(): void {
  if (last === undefined) return;
  unseen = true;
  const frame: Frame = {
    step,
    stepsPerSecond: stepsPerSecond(performance.now()),
    value: lastValue,
    measure: last.loss === undefined ? 'Score' : 'Loss',
    losses: history.curve(),
    takesDrawing: last.bars !== undefined,
    pictures: draw(last, drawing),
  };
  postToPage({ kind: 'frame', frame } satisfies Report);
}

/**
 * Counts a step, and up to 25 times a second shows where the training stands: the loss so far, steps a second, and the
 * pictures that are given. Await it in each step: pause, single steps, a slower rate and points that are dragged come
 * in there.
 *
 * A program that does not await it keeps the worker to itself, and nothing comes in: that is an error of its next call.
 */
export function show(shown: Step): Promise<void> {
  if (waiting)
    throw new Error('show was called again before its last call had ended; write `await show({ ... })`');
  waiting = true;
  return showNext(shown).finally(() => {
    waiting = false;
  });
}

async function showNext(shown: Step): Promise<void> {
  step += 1;
  last = shown;
  const value = shown.loss ?? shown.score;
  lastValue = value instanceof Tensor ? Number(value.item()) : value;
  history.add(lastValue);
  const now = performance.now();
  if (!pace.slow && now - turned < frameEvery) return;
  turned = now;
  if (!pace.held && !unseen) sendFrame();
  await pace.next(sendFrame);
}
