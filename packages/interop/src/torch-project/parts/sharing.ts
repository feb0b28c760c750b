import { defaultGenerator, noGrad, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { tensorsIn } from '../../recording/index.ts';
import type { Sharing } from '../scripts/index.ts';
import { snapshot } from './snapshot.ts';
import type { Task } from './task.ts';

/** How the ranks share a step, and why they cannot. */
interface Shared {
  readonly sharing: Sharing;
  readonly alone: string | null;
}

/** Losses that are means, or sums, of what each sample gives. */
const bySample: ReadonlySet<unknown> = /* @__PURE__ */ new Set([
  nn.L1Loss,
  nn.MSELoss,
  nn.SmoothL1Loss,
  nn.HuberLoss,
  nn.PoissonNLLLoss,
  nn.GaussianNLLLoss,
  nn.KLDivLoss,
  nn.BCELoss,
  nn.BCEWithLogitsLoss,
  nn.MarginRankingLoss,
  nn.HingeEmbeddingLoss,
  nn.SoftMarginLoss,
  nn.MultiLabelMarginLoss,
  nn.MultiLabelSoftMarginLoss,
  nn.MultiMarginLoss,
  nn.CosineEmbeddingLoss,
  nn.TripletMarginLoss,
  nn.TripletMarginWithDistanceLoss,
  nn.CTCLoss,
]);
/** Losses that are means over the weights of targets. */
const byWeight: ReadonlySet<unknown> = /* @__PURE__ */ new Set([nn.CrossEntropyLoss, nn.NLLLoss]);

function ofLoss(task: Task): Sharing {
  const { loss, lossOf } = task.options;
  if (lossOf !== undefined) return lossOf;
  const { reduction } = loss as { reduction?: unknown };
  const [target] = task.example.targets;
  const isMean = reduction === 'mean' || reduction === 'batchmean';
  if (!isMean && reduction !== 'sum') return 'whole';
  if (byWeight.has(loss.constructor)) {
    if (!isMean) return 'sum';
    return target?.dtype === 'int32' || target?.dtype === 'uint8' ? 'weighted' : 'mean';
  }
  return bySample.has(loss.constructor) ? (isMean ? 'mean' : 'sum') : 'whole';
}

/**
 * What the model gives for the first samples of the example, in evaluation mode; and whether it drew random numbers.
 */
function outputs(task: Task, count: number): { all: Tensor[]; draws: boolean } {
  const putBack = snapshot([task.model], [], []);
  try {
    task.model.eval();
    const before = defaultGenerator.getState();
    const call = task.model as unknown as (...inputs: Tensor[]) => unknown;
    const all = noGrad(() => tensorsIn(call(...task.example.inputs.map((x) => x.narrow(0, 0, count)))));
    const copies = noGrad(() => all.map((x) => x.detach().clone()));
    return { all: copies, draws: defaultGenerator.getState().some((byte, i) => byte !== before[i]) };
  } finally {
    putBack();
  }
}

const areClose = (a: Tensor, b: Tensor): boolean => {
  const scale = Math.max(1e-30, b.count === 0 ? 0 : b.double().abs().max().item());
  return a.count === 0 || a.double().sub(b.double()).abs().max().item() <= 1e-4 * scale;
};

/**
 * How a batch can be shared by several ranks, so that they end where one process ends: from what is known of the loss,
 * and by a trial of the model on a part of the example.
 */
export function sharingOf(task: Task): Shared {
  const sharing = ofLoss(task);
  const alone = (why: string): Shared => ({ sharing: 'alone', alone: why });
  if (!task.samplesFirst)
    return alone('its samples do not lie along the first dimension of all inputs and targets');
  const size = task.example.inputs[0]?.shape[0] ?? 0;
  const half = Math.floor(size / 2);
  if (half === 0) return { sharing, alone: null };
  const [whole, part] = [outputs(task, size), outputs(task, half)];
  const areRows = whole.all.every(
    (x, i) => x.shape[0] === size && part.all[i]?.shape[0] === half && x.ndim === part.all[i]?.ndim,
  );
  if (!areRows) {
    if (sharing !== 'whole') return { sharing, alone: null };
    return alone(
      'its loss needs the whole batch, and what the model gives does not lie along the first dimension',
    );
  }
  const isApart = whole.all.every((x, i) => areClose(x.narrow(0, 0, half), part.all[i] as Tensor));
  if (!isApart && !whole.draws)
    return alone('its model looks at several samples at once, beside batch normalisation');
  return { sharing, alone: null };
}
