import { cat, fullLike, stack, type Tensor, zerosLike } from '@kindling/core';
import { type DistanceFunction, F } from '@kindling/nn';
import { type Controls, choice, type Settings, type Slider, slider, toggle } from './controls.ts';
import { column, plane, rows } from './models.ts';
import { type Axis, over, type Picture, picture } from './picture.ts';

const none = { reduction: 'none' } as const;
const angle: Axis = over('angle in radians', -Math.PI, Math.PI);
const signs = ['1', '-1'] as const;

/** Points (P, 2) of the unit circle. */
const onCircle = (angles: Tensor): Tensor => stack([angles.cos(), angles.sin()], 1);
const at = (degrees: number): readonly [number, number] => {
  const radians = (degrees * Math.PI) / 180;
  return [Math.cos(radians), Math.sin(radians)];
};

const distances: Readonly<Record<string, DistanceFunction>> = {
  Euclidean: (a, b) => F.pairwiseDistance(a, b),
  L1: (a, b) => a.sub(b).abs().sum(1),
  squared: (a, b) => a.sub(b).square().sum(1),
  '1 - cosine': (a, b) => F.cosineSimilarity(a, b, 1).rsub(1),
};
const margin = slider('margin', 1, 0.1, 2, 0.1);
const far = slider('distance to the negative', 1.5, 0, 4, 0.1);
const swap = toggle('swap');
const tripletAxis = over('distance to the positive', 0, 4);
/** Anchor, positive and negative on a line beside the origin, so that their cosines differ too. */
const threePoints = (x: Tensor, distance: number): readonly [Tensor, Tensor, Tensor] => [
  rows([1, 0], x),
  stack([fullLike(x, 1), x], 1),
  rows([1, distance], x),
];
const tripletSays =
  'The distance from the anchor to the positive; that to the negative is set below. On the left the margin is kept, and there is nothing to learn.';
const anchorSays =
  'Where the anchor should be: the positive is at (1, 0.5), the negative at (-0.5, 1). In the flat part the margin is kept.';

/** Cosines (P, 3) of an angle to the own centre and one to the two others. */
const cosines = (x: Tensor, other: number): Tensor => {
  const rest = fullLike(x, Math.cos((other * Math.PI) / 180));
  return stack([x.cos(), rest, rest], 1);
};
const own = (x: Tensor): Tensor => zerosLike(x.select(x.ndim - 1, 0), { dtype: 'int32' });
const centres = stack([column(at(30)), column(at(150)), column(at(270))], 0);
const toCentres = (points: Tensor): Tensor => F.normalize(points).matmul(centres.t());
const margins = {
  other: slider('angle to the other centres, in degrees', 90, 10, 180, 5),
  scale: slider('scale', 8, 1, 64, 1),
};
type Margins = { readonly other: Slider; readonly scale: Slider };

/** A loss of the cosines to the centres of three classes, of which the first is the own one. */
function ofCentres<const C extends Controls>(
  controls: C,
  loss: (cosines: Tensor, target: Tensor, settings: Settings<C & Margins>) => Tensor,
): Picture {
  return picture<C & Margins>({
    axis: over('angle to the own centre, in radians', 0.02, 3.12),
    controls: { ...margins, ...controls },
    says: 'The angle between an embedding and the centre of its class, with two other centres at the angle below.',
    loss(x, settings) {
      const { other }: { readonly other: number } = settings;
      return loss(cosines(x, other), own(x.unsqueeze(1)), settings);
    },
    landscape: (settings) =>
      plane(
        (points) => loss(toCentres(points), own(points), settings),
        'The two coordinates of an embedding, with the centre of its class at 30 degrees and two others at 150 and 270. Only the direction counts, so the loss is the same along each ray.',
        { start: [-1.2, 1] },
      ),
  });
}

/** Four embeddings of two classes, of which the first is at an angle. */
function pairsOfClasses(x: Tensor, temperature: number): Tensor {
  const others = stack([column(at(20)), column(at(130)), column(at(160))], 0);
  const labels = column([0, 0, 1, 1]).to('int32');
  const batches = onCircle(x).unbind(0);
  return stack(
    batches.map((point) => F.supConLoss(cat([point.unsqueeze(0), others], 0), labels, { temperature })),
  );
}

const preferences = {
  better: [column([1, 0.2]), column([0.6, 0.9]), column([0.2, 0.4])],
  worse: [column([0.1, 0.5]), column([0.8, 0.1]), column([0.3, -0.5])],
};

/** Pictures of losses of embeddings and rankings. */
export const embeddingPictures = {
  CosineEmbeddingLoss: picture({
    axis: angle,
    controls: { target: choice('target', signs), margin: slider('margin', 0, -0.9, 0.9, 0.1) },
    says: 'The angle between two embeddings: alike pairs are pulled to 0, different ones pushed out until the cosine is below the margin.',
    loss: (x, { target, margin: m }) =>
      F.cosineEmbeddingLoss(onCircle(x), rows([1, 0], x), fullLike(x, Number(target)), {
        margin: m,
        ...none,
      }),
    landscape: ({ target, margin: m }) =>
      plane(
        (points) =>
          F.cosineEmbeddingLoss(
            points,
            rows([1, 0.5], points),
            fullLike(points.select(1, 0), Number(target)),
            {
              margin: m,
              ...none,
            },
          ),
        'The two coordinates of one embedding; the other is at (1, 0.5). Only the direction counts.',
        { start: [-1.2, 0.6] },
      ),
  }),
  HingeEmbeddingLoss: picture({
    axis: over('distance', 0, 3),
    controls: { target: choice('target', signs), margin },
    says: 'The distance of a pair: a line for alike pairs, and for different ones a line down to the margin.',
    loss: (x, { target, margin: m }) =>
      F.hingeEmbeddingLoss(x, fullLike(x, Number(target)), { margin: m, ...none }),
    landscape: ({ target, margin: m }) =>
      plane((points) => {
        const distance = F.pairwiseDistance(points, rows([0.5, 0.5], points));
        return F.hingeEmbeddingLoss(distance, fullLike(distance, Number(target)), { margin: m, ...none });
      }, 'The two coordinates of one embedding; the other is at (0.5, 0.5), and the input is their distance.'),
  }),
  TripletMarginLoss: picture({
    axis: tripletAxis,
    controls: { far, margin, p: choice('p of the norm', ['2', '1', '3']), swap },
    says: tripletSays,
    loss(x, { far: distance, margin: m, p, swap: swaps }) {
      const options = { margin: m, p: Number(p), swap: swaps, ...none };
      return F.tripletMarginLoss(...threePoints(x, distance), options);
    },
    landscape: ({ margin: m, p, swap: swaps }) =>
      plane(
        (points) =>
          F.tripletMarginLoss(points, rows([1, 0.5], points), rows([-0.5, 1], points), {
            margin: m,
            p: Number(p),
            swap: swaps,
            ...none,
          }),
        anchorSays,
        { start: [-1.5, 0.2] },
      ),
  }),
  TripletMarginWithDistanceLoss: picture({
    axis: tripletAxis,
    controls: {
      distance: choice('distance', ['Euclidean', 'L1', 'squared', '1 - cosine']),
      far,
      margin,
      swap,
    },
    says: tripletSays.replace('The distance', 'How far it is'),
    loss(x, { distance, far: apart, margin: m, swap: swaps }) {
      const options = { distanceFunction: distances[distance] ?? null, margin: m, swap: swaps, ...none };
      return F.tripletMarginWithDistanceLoss(...threePoints(x, apart), options);
    },
    landscape: ({ distance, margin: m, swap: swaps }) =>
      plane(
        (points) =>
          F.tripletMarginWithDistanceLoss(points, rows([1, 0.5], points), rows([-0.5, 1], points), {
            distanceFunction: distances[distance] ?? null,
            margin: m,
            swap: swaps,
            ...none,
          }),
        anchorSays,
        { start: [-1.5, 0.2] },
      ),
  }),
  InfoNCELoss: picture({
    axis: angle,
    controls: {
      temperature: slider('temperature', 0.2, 0.05, 1, 0.05),
      negative: slider('angle of the negatives, in degrees', 120, 0, 180, 5),
      count: slider('number of negatives', 4, 1, 64, 1),
    },
    says: 'The angle of a query to its key, with negatives on the other side at the angle below.',
    loss(x, { temperature, negative, count }) {
      const negatives = column(at(negative)).expand([count, 2]);
      return F.infoNceLoss(onCircle(x), rows([1, 0], x), { negatives, temperature, ...none });
    },
    landscape: ({ temperature, negative, count }) =>
      plane(
        (points) =>
          F.infoNceLoss(points, rows([1, 0], points), {
            negatives: column(at(negative)).expand([count, 2]),
            temperature,
            ...none,
          }),
        'The two coordinates of a query, with its key at (1, 0) and the negatives at the angle above. Only the direction counts.',
        { start: [-1.2, 0.8] },
      ),
  }),
  SupConLoss: picture({
    axis: angle,
    controls: { temperature: slider('temperature', 0.5, 0.05, 2, 0.05) },
    says: 'The angle of one of four embeddings: its mate is at 20 degrees (0.35), the two of the other class at 130 and 160 (2.3 and 2.8). What is drawn is the mean over the batch.',
    points: 81,
    // No landscape: each of its points would be a batch of its own, some thousands for one map.
    loss: (x, { temperature }) => pairsOfClasses(x, temperature),
  }),
  ArcFaceLoss: ofCentres(
    { margin: slider('margin, in radians', 0.5, 0, 1.5, 0.05), easyMargin: toggle('easyMargin') },
    (x, t, { scale, margin, easyMargin }) => F.arcFaceLoss(x, t, { scale, margin, easyMargin, ...none }),
  ),
  CosFaceLoss: ofCentres({ margin: slider('margin', 0.35, 0, 1, 0.05) }, (x, t, { scale, margin }) =>
    F.cosFaceLoss(x, t, { scale, margin, ...none }),
  ),
  MarginRankingLoss: picture({
    axis: over('first score', -4, 4),
    controls: {
      target: choice('target', signs),
      second: slider('second score', 0, -3, 3, 0.1),
      margin: slider('margin', 0.5, 0, 2, 0.1),
    },
    says: 'The first of two scores; the second is set below.',
    loss: (x, { target, second, margin: m }) =>
      F.marginRankingLoss(x, fullLike(x, second), fullLike(x, Number(target)), { margin: m, ...none }),
    landscape: ({ margin: m }) =>
      plane(
        (weights) => {
          const score = (items: readonly Tensor[]): Tensor => weights.matmul(stack([...items], 1));
          const better = score(preferences.better);
          return F.marginRankingLoss(better, score(preferences.worse), fullLike(better, 1), {
            margin: m,
            ...none,
          }).mean(1);
        },
        'The two weights of a score, and three pairs of which somebody said which is better. In the flat part all pairs are in order, with the margin.',
        { labels: ['first weight', 'second weight'] },
      ),
  }),
} as const;
