import {
  arange,
  cat,
  checkArguments,
  composition,
  eye,
  formatShape,
  K,
  logSoftmax,
  refuseExcess,
  ShapeError,
  signature,
  type Tensor,
  ValueError,
  where,
  zeros,
} from '@kindling/core';
import { normalize } from '../../layers/normalization/normalize.ts';
import { withDefaults } from '../../module/options.ts';
import { checkPositive } from '../checks.ts';
import { lossOfEachRow } from '../classes.ts';
import { Loss } from '../loss.ts';
import { type BoundOptions, lossClass } from '../loss-class.ts';
import { type LossOptions, lossKinds, reduced, type SampleWeightOptions } from '../reduction.ts';

/** Options of {@link infoNceLoss} and {@link InfoNCELoss}. */
export interface InfoNCELossOptions extends LossOptions {
  /** Keys that match no query, (M, D), or some for each query, (N, M, D). Default: the other queries' keys. */
  readonly negatives?: Tensor | null;
  /** What similarities are divided by. Default: 0.1. */
  readonly temperature?: number;
  /** Also finds the query among the others for each key, and takes the mean of both. In-batch only. Default: false. */
  readonly symmetric?: boolean;
}

const infoNceDefaults = { temperature: 0.1, symmetric: false };

const unit = (x: Tensor): Tensor => normalize(x, { dim: -1 });

/** The cross-entropy of each row. */
const perRow = (logits: Tensor, classes: Tensor): Tensor => lossOfEachRow('infoNceLoss', logits, classes);

/**
 * InfoNCE: the cross-entropy of finding each query's key among others by its cosine similarity:
 *
 *     -log( exp(q.k / T) / (exp(q.k / T) + sum_j exp(q.n_j / T)) )
 *
 * `query` and `key` are (N, D), row i of one belonging to row i of the other; both are normalised here. The
 * negatives n_j are the keys of the other queries, or those given: (M, D) for all queries, (N, M, D) for each
 * its own. The unreduced loss is (N).
 *
 * Van den Oord, Li, Vinyals: Representation learning with contrastive predictive coding, 2018,
 * https://arxiv.org/abs/1807.03748; `symmetric` as in CLIP, https://arxiv.org/abs/2103.00020.
 * @throws ShapeError for shapes that do not fit; ValueError unless the temperature is positive, for `symmetric` with
 * negatives, or for an unknown reduction
 * @example F.infoNceLoss(eye(2), eye(2), { temperature: 1 }); // tensor(0.3133)
 */
export const infoNceLoss = /* @__PURE__ */ composition(
  'infoNceLoss',
  () => ({
    query: K.tensor,
    key: K.tensor,
    options: K.options<InfoNCELossOptions>({
      ...lossKinds,
      negatives: K.nullable(K.tensor),
      temperature: K.number,
      symmetric: K.flag,
    }),
  }),
  (query: Tensor, key: Tensor, options: InfoNCELossOptions = {}): Tensor => {
    const { negatives = null } = options;
    const { temperature, symmetric } = withDefaults(infoNceDefaults, options);
    checkPositive('infoNceLoss', { temperature });
    const [n = 0, d] = query.shape;
    if (query.ndim !== 2 || key.ndim !== 2 || key.shape[0] !== n || key.shape[1] !== d) {
      throw new ShapeError(
        `infoNceLoss: expected queries and keys of one shape (N, D), got ${formatShape(query.shape)} and ` +
          formatShape(key.shape),
      );
    }
    const q = unit(query);
    const k = unit(key);
    if (negatives === null) {
      const own = arange(n, { dtype: 'int32' });
      const logits = q.matmul(k.t()).div(temperature);
      const forth = perRow(logits, own);
      return reduced(symmetric ? forth.add(perRow(logits.t(), own)).mul(0.5) : forth, options, 'infoNceLoss');
    }
    if (symmetric)
      throw new ValueError('infoNceLoss: symmetric needs the negatives of the batch; give it no negatives');
    const wanted = negatives.ndim === 3 ? negatives.shape[0] === n : negatives.ndim === 2;
    if (!wanted || negatives.shape.at(-1) !== d) {
      throw new ShapeError(
        `infoNceLoss: expected negatives of shape [M, ${d}] or [${n}, M, ${d}], got ${formatShape(negatives.shape)}`,
      );
    }
    const others = unit(negatives);
    const far = others.ndim === 2 ? q.matmul(others.t()) : others.matmul(q.unsqueeze(2)).squeeze(2);
    const near = q.mul(k).sum(1, { keepdim: true });
    const logits = cat([near, far], 1).div(temperature);
    return reduced(perRow(logits, zeros([n], { dtype: 'int32' })), options, 'infoNceLoss');
  },
);

/**
 * {@link infoNceLoss} as a module, called with queries, keys, and negatives if there are any. Kindling's own, after the
 * paper there.
 * @throws ValueError for an unknown reduction
 * @example
 * ```ts
 * const lossFn = new nn.InfoNCELoss({ temperature: 1 });
 * lossFn(eye(2), eye(2)); // tensor(0.3133)
 * lossFn(eye(2), eye(2), eye(2).flip(0)); // tensor(0.8620)
 * ```
 */
export class InfoNCELoss extends Loss<[query: Tensor, key: Tensor, negatives?: Tensor | null]> {
  /** What similarities are divided by. */
  temperature: number;
  /** Also finds the query among the others for each key. */
  symmetric: boolean;

  constructor(options: BoundOptions<InfoNCELossOptions, 'temperature' | 'symmetric'> = {}) {
    checkArguments(
      new.target.name,
      { options: K.options({ reduction: K.text, ...K.allLike(infoNceDefaults) }) },
      arguments,
    );
    super(options);
    this.temperature = options.temperature ?? infoNceDefaults.temperature;
    this.symmetric = options.symmetric ?? infoNceDefaults.symmetric;
  }

  override forward(
    query: Tensor,
    key: Tensor,
    negatives: Tensor | null = null,
    options?: SampleWeightOptions,
  ): Tensor {
    if (arguments.length > 4) refuseExcess('forward', ['query', 'key', 'negatives', 'options'], arguments);
    const { temperature, symmetric } = this;
    return infoNceLoss(query, key, this.bound({ negatives, temperature, symmetric }, options));
  }
}

/** Options of {@link supConLoss} and {@link SupConLoss}. */
export interface SupConLossOptions extends LossOptions {
  /** What similarities are divided by. Default: 0.07. */
  readonly temperature?: number;
  /** The loss is multiplied by temperature / baseTemperature. Default: the temperature itself. */
  readonly baseTemperature?: number | null;
}

const supConDefaults = { temperature: 0.07, baseTemperature: null };

/**
 * What a sample's similarity to itself is replaced by: far below every other, and finite, so that its share is exactly
 * 0.
 */
const excluded = -1e30;

const supConLossTakes = /* @__PURE__ */ signature('supConLoss', () => ({
  features: K.tensor,
  labels: K.tensor,
  options: K.options<SupConLossOptions>({
    ...lossKinds,
    temperature: K.number,
    baseTemperature: K.nullable(K.number),
  }),
}));

/**
 * Supervised contrastive loss: samples of one class attract each other, all others repel. For each anchor i,
 * with the other samples of its class P(i),
 *
 *     -1 / |P(i)| sum_{p in P(i)} log( exp(z_i.z_p / T) / sum_{a != i} exp(z_i.z_a / T) )
 *
 * `features` are (N, D), or (N, V, D) with V views of each sample; they are normalised here. `labels` are
 * (N), integers. The unreduced loss is (N), or (N, V). An anchor alone in its class has loss 0, and counts in
 * the mean.
 *
 * Khosla, Teterwak, Wang, Sarna, Tian, Isola, Maschinot, Liu, Krishnan: Supervised contrastive learning,
 * 2020, https://arxiv.org/abs/2004.11362 (L_out).
 * @throws ShapeError for shapes that do not fit, ValueError unless the temperatures are positive, or for an unknown
 *   reduction
 * @example F.supConLoss(tensor([[0.5, 0], [1, 0], [0, 1]]), tensor([0, 0, 1]), { temperature: 1 }); // tensor(0.2088)
 */
export function supConLoss(features: Tensor, labels: Tensor, options: SupConLossOptions = {}): Tensor {
  supConLossTakes(arguments);
  const { temperature = supConDefaults.temperature } = options;
  const baseTemperature = options.baseTemperature ?? temperature;
  checkPositive('supConLoss', { temperature });
  checkPositive('supConLoss', { temperature: baseTemperature });
  const [n = 0, middle = 1] = features.shape;
  if (features.ndim < 2 || features.ndim > 3 || labels.ndim !== 1 || labels.shape[0] !== n) {
    throw new ShapeError(
      `supConLoss: expected features (N, D) or (N, V, D) and labels (N), got ${formatShape(features.shape)} and ` +
        formatShape(labels.shape),
    );
  }
  const views = features.ndim === 3 ? middle : 1;
  const anchors = n * views;
  const z = unit(features.reshape([anchors, -1]));
  const y = views === 1 ? labels : labels.repeatInterleave(views);
  const self = eye(anchors).bool();
  const mates = y.unsqueeze(1).eq(y.unsqueeze(0)).logicalAnd(self.logicalNot());
  const logits = z.matmul(z.t()).div(temperature).maskedFill(self, excluded);
  const attraction = where(mates, logSoftmax(logits, 1), 0).sum(1);
  const count = mates.sum(1).clampMin(1).to(features.dtype);
  const loss = attraction.div(count).mul(-temperature / baseTemperature);
  return reduced(loss.reshape(features.shape.slice(0, -1)), options, 'supConLoss');
}

/** Samples of one class attract each other: {@link supConLoss} as a module. Kindling's own, after the paper there. */
export class SupConLoss extends /* @__PURE__ */ lossClass(supConLoss, supConDefaults) {}
