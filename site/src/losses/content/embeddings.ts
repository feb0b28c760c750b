import {
  broadcastSizes,
  classIndices,
  type Expectation,
  floats,
  input,
  numbers,
  target,
  type Words,
} from './words.ts';

const points = (name: string, values: string, shape = '(N, D) or (D,)'): Expectation => ({
  name,
  shape,
  values,
  dtype: floats,
});
const signs = (shape: string): Expectation => target('1 for alike, -1 for different', shape);
const hadsell = {
  title: 'Hadsell, Chopra and LeCun 2006: Dimensionality reduction by learning an invariant mapping',
  url: 'https://doi.org/10.1109/CVPR.2006.100',
};
const facenet = {
  title: 'Schroff, Kalenichenko and Philbin 2015: FaceNet',
  url: 'https://arxiv.org/abs/1503.03832',
};
const none = 'PyTorch has no such loss.';
const perSample = '(N,) or (), a loss for each sample';
const triplet = [
  points('anchor', 'embeddings'),
  points('positive', "embeddings of the anchor's kind"),
  points('negative', 'embeddings of another kind'),
] as const;

/** What the losses of cosines with a margin expect; `given` says what a margin is. */
const marginSoftmax = [
  {
    name: 'input',
    shape: '(N, D) of the class, (N, C) of the function',
    values: 'of the class: embeddings, any numbers; of the function: cosines, in [-1, 1]',
    dtype: floats,
  },
  target('the index of the right class, 0 to C - 1', '(N,)', classIndices),
] as const;
const centres =
  'The class holds a centre for each class, of which only the direction counts: give `lossFn.parameters()` to the optimizer, too. For a prediction take `lossFn.cosine(x).argmax(1)`.';
const pixels = (make: string) => ({
  title: 'Images where embeddings belong',
  setup: `const lossFn = ${make};\nconst embeddings = randn([4, 16]);\nconst target = tensor([3, 0, 9, 3]);`,
  wrong: 'lossFn(randn([4, 8]), target);',
  right: 'lossFn(embeddings, target);',
  why: 'The loss holds the last layer: it takes what the model gives before any scores, of the size it was made for.',
});

/** Losses of embeddings, which are near or far from each other, and of scores that are compared. */
export const embeddingWords = {
  CosineEmbeddingLoss: {
    summary:
      'Pulls pairs that are alike to one direction, and pushes others apart until their cosine is below a margin.',
    expects: [points('input1', 'embeddings'), points('input2', 'embeddings'), signs('(N,) or ()')],
    unreduced: perSample,
    formula: String.raw`\ell(a, b, y) = \begin{cases} 1 - \cos(a, b) & y = 1 \\ \max\bigl(0,\; \cos(a, b) - m\bigr) & y = -1 \end{cases}`,
    where: '$m$ is the `margin`, 0 by default: different pairs need only be at right angles.',
    use: 'For pairs whose length means nothing: texts, faces, recommendations.',
    instead: {
      HingeEmbeddingLoss: 'where you have a distance of your own',
      TripletMarginLoss: 'where it is known which of two is nearer, not which are alike',
      InfoNCELoss: 'where all other pairs of the batch can be the negatives: much more to learn from',
    },
    mistakes: [
      {
        title: 'A sign for each number',
        setup: 'const lossFn = new nn.CosineEmbeddingLoss();\nconst [a, b] = [randn([3, 8]), randn([3, 8])];',
        wrong: 'lossFn(a, b, tensor([[1], [-1], [1]]));',
        right: 'lossFn(a, b, tensor([1, -1, 1]));',
        why: 'A pair has one sign: (N,) for pairs (N, D).',
      },
    ],
    unnoticed: 'Targets of 0 for different: neither case holds, and the pair counts as a loss of 0.',
    torch: 'The same numbers. `sampleWeight` and `weightedMean` are additions.',
    paper: hadsell,
  },
  HingeEmbeddingLoss: {
    summary: 'Makes distances small where the target is 1, and at least as large as a margin where it is -1.',
    expects: [input('distances, 0 or more'), signs("the input's")],
    unreduced: "the input's shape, a loss for each distance",
    formula: String.raw`\ell(x, y) = \begin{cases} x & y = 1 \\ \max(0,\; m - x) & y = -1 \end{cases}`,
    where: '$x$ is a distance, $m$ the `margin`, 1 by default.',
    use: 'Where distances are computed by something of your own: L1 between embeddings, an edit model, a learned metric.',
    instead: {
      CosineEmbeddingLoss: 'where embeddings are given and the cosine will do',
      TripletMarginLoss: 'where pairs come in threes',
      SoftMarginLoss: 'where the input is a score rather than a distance',
    },
    mistakes: [
      broadcastSizes(
        'new nn.HingeEmbeddingLoss()',
        'distances',
        'rand([4, 1]); // what a sum with keepdim gives',
        'tensor([1, -1, -1, 1]);',
      ),
      {
        title: 'Both embeddings for the distance',
        setup:
          'const lossFn = new nn.HingeEmbeddingLoss();\nconst [a, b] = [randn([3, 8]), randn([3, 8])];\nconst target = tensor([1, -1, 1]);',
        wrong: 'lossFn(a.sub(b), target);',
        right: 'lossFn(a.sub(b).abs().sum(1), target);',
        why: 'The input is one distance for each pair; a difference of embeddings is D numbers, some of them negative.',
      },
    ],
    unnoticed:
      'Scores rather than distances: for a target of 1 the loss is the input itself, and falls without bound. Targets of 0 for different: both terms count then, as in PyTorch.',
    torch: 'The same numbers. `sampleWeight` and `weightedMean` are additions.',
    paper: hadsell,
  },
  TripletMarginLoss: {
    summary: 'An anchor is to be nearer to its positive than to its negative, by a margin.',
    expects: triplet,
    unreduced: perSample,
    formula: String.raw`\ell(a, p, n) = \max\bigl(0,\; d(a, p) - d(a, n) + m\bigr), \qquad d(x, y) = \lVert x - y + \varepsilon \rVert_{p}`,
    where:
      '$m$ is the `margin`, 1 by default; `p` is the power of the norm. With `swap` the distance to the negative is measured from the positive where that is nearer.',
    use: 'Where it is known what is nearer to what: faces of one person, items bought together. Choose negatives that are hard: once all keep the margin, nothing is learned.',
    instead: {
      TripletMarginWithDistanceLoss: 'where distance means something else than a norm',
      InfoNCELoss: 'where the batch can give many negatives at once',
      SupConLoss: 'where there are labels',
      ArcFaceLoss: 'where there are labels and a fixed set of classes',
    },
    mistakes: [
      {
        title: 'A margin of 0',
        setup:
          'const anchor = randn([2, 8]);\nconst positive = randn([2, 8]);\nconst negative = randn([2, 8]);',
        wrong: 'nn.F.tripletMarginLoss(anchor, positive, negative, { margin: 0 });',
        right: 'nn.F.tripletMarginLoss(anchor, positive, negative, { margin: 0.2 });',
        why: 'Without a margin the model may map everything to one point, where all distances are 0 and so is the loss.',
      },
      {
        title: 'The margin without its name',
        setup:
          'const anchor = randn([2, 8]);\nconst positive = randn([2, 8]);\nconst negative = randn([2, 8]);',
        wrong: 'nn.F.tripletMarginLoss(anchor, positive, negative, 0.2);',
        right: 'nn.F.tripletMarginLoss(anchor, positive, negative, { margin: 0.2 });',
        why: 'What is optional goes into one object at the end, where PyTorch has positions and keywords.',
      },
    ],
    unnoticed:
      'Embeddings that are not normalised may keep any margin by growing. Normalise them (`F.normalize`), and take a margin of about 0.2.',
    torch: 'The same numbers. `sampleWeight` and `weightedMean` are additions.',
    paper: facenet,
  },
  TripletMarginWithDistanceLoss: {
    summary: 'The triplet loss with a distance of your own.',
    expects: triplet,
    unreduced: 'the shape of what the distance gives, (N,) as a rule',
    formula: String.raw`\ell(a, p, n) = \max\bigl(0,\; d(a, p) - d(a, n) + m\bigr)`,
    where:
      '$d$ is the `distanceFunction`: any function of two tensors that gives a distance for each sample, or a module such as `nn.PairwiseDistance`. By default it is the Euclidean distance.',
    use: 'Where distance is a cosine, a learned metric, or one on a sphere.',
    instead: {
      TripletMarginLoss: 'where distance is a norm of the difference',
      InfoNCELoss: 'where the cosine will do, and the batch can give the negatives',
    },
    mistakes: [
      {
        title: 'A distance that gives a number',
        setup:
          'const anchor = randn([1, 8]);\nconst positive = randn([1, 8]);\nconst negative = randn([1, 8]);',
        wrong:
          'const lossFn = new nn.TripletMarginWithDistanceLoss({\n  distanceFunction: (a, b) => a.sub(b).abs().sum().item(),\n});\nlossFn(anchor, positive, negative);',
        right:
          'const lossFn = new nn.TripletMarginWithDistanceLoss({\n  distanceFunction: (a, b) => a.sub(b).abs().sum(1),\n});\nlossFn(anchor, positive, negative);',
        why: 'A number has no history: no gradient would reach the model.',
      },
      {
        title: 'A negative margin',
        setup:
          'const anchor = randn([1, 8]);\nconst positive = randn([1, 8]);\nconst negative = randn([1, 8]);',
        wrong:
          'const lossFn = new nn.TripletMarginWithDistanceLoss({ margin: -1 });\nlossFn(anchor, positive, negative);',
        right:
          'const lossFn = new nn.TripletMarginWithDistanceLoss({ margin: 1 });\nlossFn(anchor, positive, negative);',
        why: 'The margin says by how much the negative is to be farther.',
      },
    ],
    unnoticed: 'A similarity for a distance: the loss then pulls the negative near. Use 1 less the cosine.',
    torch: 'The same numbers. `sampleWeight` and `weightedMean` are additions.',
    paper: facenet,
  },
  InfoNCELoss: {
    summary:
      "Finding each query's own key among many, by the cosine: the loss of contrastive learning (SimCLR, CLIP).",
    expects: [
      points('query', 'embeddings, normalised here', '(N, D)'),
      points('key', 'embeddings of the same things, row by row', '(N, D)'),
      points(
        'negatives',
        'keys that match no query; without them the keys of the others are',
        '(M, D) or (N, M, D)',
      ),
    ],
    unreduced: '(N,), a loss for each query',
    formula: String.raw`\ell(q, k) = -\log \frac{e^{\cos(q, k) / T}}{e^{\cos(q, k) / T} + \sum_j e^{\cos(q, n_j) / T}}`,
    where:
      '$T$ is the `temperature`, 0.1 by default; $n_j$ are the negatives. With `symmetric` keys look for their queries, too, as in CLIP.',
    use: 'Where pairs are known and no labels: two views of an image, an image and its text. Large batches help, since each is the negatives of the others.',
    instead: {
      SupConLoss: 'where there are labels, so that several samples of a batch are alike',
      TripletMarginLoss: 'where negatives are chosen one by one',
      CosineEmbeddingLoss: 'where it is known which pairs differ',
    },
    mistakes: [
      {
        title: 'A temperature of 0',
        setup: 'const [query, key] = [randn([4, 8]), randn([4, 8])];',
        wrong: 'nn.F.infoNceLoss(query, key, { temperature: 0 });',
        right: 'nn.F.infoNceLoss(query, key, { temperature: 0.1 });',
        why: 'Similarities are divided by it.',
      },
      {
        title: 'Symmetric, with negatives of its own',
        setup: 'const [query, key] = [randn([4, 8]), randn([4, 8])];\nconst negatives = randn([6, 8]);',
        wrong: 'new nn.InfoNCELoss({ symmetric: true })(query, key, negatives);',
        right: 'new nn.InfoNCELoss({ symmetric: true })(query, key);',
        why: 'The other direction finds queries by keys: negatives that are keys do not help there.',
      },
      {
        title: 'Keys of another batch',
        setup: 'const lossFn = new nn.InfoNCELoss();\nconst query = randn([4, 8]);',
        wrong: 'lossFn(query, randn([6, 8]));',
        right: 'lossFn(query, randn([4, 8]));',
        why: 'Row i of the keys belongs to row i of the queries. More keys are negatives, the third argument.',
      },
    ],
    unnoticed:
      'Pairs of one batch that are in truth alike: they are pushed apart. With labels use `SupConLoss`.',
    torch:
      'PyTorch has no such loss; by hand it is `F.cross_entropy(q @ k.T / T, torch.arange(N))` after normalising.',
  },
  SupConLoss: {
    summary: 'Supervised contrastive learning: samples of one class attract each other, all others repel.',
    expects: [
      points('features', 'embeddings, normalised here; V views of each sample', '(N, D) or (N, V, D)'),
      { name: 'labels', shape: '(N,)', values: 'the class of each sample', dtype: classIndices },
    ],
    unreduced: '(N,) or (N, V), a loss for each view of each sample',
    formula: String.raw`\ell_i = -\frac{T}{T_0\,\lvert P(i) \rvert} \sum_{p \in P(i)} \log \frac{e^{z_i \cdot z_p / T}}{\sum_{a \ne i} e^{z_i \cdot z_a / T}}`,
    where:
      '$z$ are the normalised features, $P(i)$ the other samples of the class of $i$, $T$ the `temperature`, $T_0$ the `baseTemperature`.',
    use: 'To train embeddings with labels before a classifier. Each batch needs several samples of each class.',
    instead: {
      InfoNCELoss: 'where there are no labels',
      CrossEntropyLoss: 'where only the classifier is wanted',
      ArcFaceLoss: 'where classes are fixed and may have centres',
    },
    mistakes: [
      {
        title: 'A label for each view',
        setup:
          'const lossFn = new nn.SupConLoss();\nconst features = randn([3, 2, 8]); // 3 samples, 2 views of each',
        wrong: 'lossFn(features, tensor([0, 0, 1, 1, 0, 0]));',
        right: 'lossFn(features, tensor([0, 1, 0]));',
        why: 'The views of a sample have its label.',
      },
      {
        title: 'A negative temperature',
        setup: 'const features = randn([4, 8]);\nconst labels = tensor([0, 0, 1, 1]);',
        wrong: 'nn.F.supConLoss(features, labels, { temperature: -0.1 });',
        right: 'nn.F.supConLoss(features, labels, { temperature: 0.1 });',
        why: 'It would turn attraction into repulsion.',
      },
    ],
    unnoticed:
      'Batches in which a class occurs once: that sample has no mates, its loss is 0, and it counts in the mean.',
    torch: none,
  },
  ArcFaceLoss: {
    summary:
      'Softmax over the angles between an embedding and the centres of classes, with an angle added to that of the own class.',
    expects: marginSoftmax,
    unreduced: '(N,), a loss for each sample',
    formula: String.raw`\ell(\theta, t) = -\log \frac{e^{s \cos(\theta_t + m)}}{e^{s \cos(\theta_t + m)} + \sum_{j \ne t} e^{s \cos \theta_j}}`,
    where: `$\\theta_j$ is the angle to the centre of class $j$, $t$ the class, $m$ the \`margin\` in radians, $s$ the \`scale\`. ${centres}`,
    use: 'To learn embeddings by which unseen people, products or voices are told apart: the margin makes classes compact.',
    instead: {
      CosFaceLoss: 'where training with the angle does not settle: there the cosine is lowered by a constant',
      CrossEntropyLoss: 'where classes at use are those of the training',
      SupConLoss: 'where there should be no centres',
    },
    mistakes: [
      {
        title: 'A margin in degrees',
        setup: 'const cosines = rand([2, 5]);\nconst target = tensor([0, 3]);',
        wrong: 'nn.F.arcFaceLoss(cosines, target, { margin: 28.6 });',
        right: 'nn.F.arcFaceLoss(cosines, target, { margin: 0.5 });',
        why: 'The margin is an angle in radians, between 0 and pi / 2.',
      },
      pixels('new nn.ArcFaceLoss(16, 10)'),
    ],
    unnoticed:
      'A scale that does not suit the number of classes: cosines lie in [-1, 1], and with a scale of 1 the softmax can never be sure. 64 is for thousands of classes, 16 for ten.',
    torch: none,
  },
  CosFaceLoss: {
    summary:
      'Softmax over the cosines between an embedding and the centres of classes, with that of the own class lowered.',
    expects: marginSoftmax,
    unreduced: '(N,), a loss for each sample',
    formula: String.raw`\ell(\theta, t) = -\log \frac{e^{s (\cos \theta_t - m)}}{e^{s (\cos \theta_t - m)} + \sum_{j \ne t} e^{s \cos \theta_j}}`,
    where: `$\\theta_j$ is the angle to the centre of class $j$, $t$ the class, $m$ the \`margin\`, $s$ the \`scale\`. ${centres}`,
    use: 'As `ArcFaceLoss`, and easier to train: the margin is the same everywhere.',
    instead: {
      ArcFaceLoss: 'where the margin should be an angle, which asks most of samples near their centre',
      CrossEntropyLoss: 'where classes at use are those of the training',
      SupConLoss: 'where there should be no centres',
    },
    mistakes: [
      {
        title: 'A negative margin',
        setup: 'const cosines = rand([2, 5]);\nconst target = tensor([0, 3]);',
        wrong: 'nn.F.cosFaceLoss(cosines, target, { margin: -0.35 });',
        right: 'nn.F.cosFaceLoss(cosines, target, { margin: 0.35 });',
        why: 'The margin is taken off the cosine of the own class, which makes the task harder; a negative one would make it easier.',
      },
      pixels('new nn.CosFaceLoss(16, 10)'),
    ],
    unnoticed: 'A scale that does not suit the number of classes, as with `ArcFaceLoss`.',
    torch: none,
  },
  MarginRankingLoss: {
    summary: 'Which of two scores is to be higher: the loss of rankings by pairs.',
    expects: [
      points('input1', 'scores', 'any'),
      points('input2', 'scores', "input1's"),
      target('1 where the first is to be higher, -1 where the second is', "input1's", numbers),
    ],
    unreduced: 'the shape of the inputs, a loss for each pair',
    formula: String.raw`\ell(a, b, y) = \max\bigl(0,\; -y\,(a - b) + m\bigr)`,
    where: '$a$ and $b$ are the scores, $m$ the `margin`, 0 by default.',
    use: 'For search and recommendations, where only the order counts, and people said which of two is better.',
    instead: {
      TripletMarginLoss: 'where embeddings are compared, not scores',
      SoftMarginLoss: 'of the difference of the scores, where it should be smooth and never quite 0',
      MSELoss: 'where the scores themselves are known',
    },
    mistakes: [
      {
        title: 'Scores as a column, targets as a row',
        setup:
          'const lossFn = new nn.MarginRankingLoss({ margin: 0.1 });\nconst [first, second] = [randn([4, 1]), randn([4, 1])];\nconst target = tensor([1, -1, 1, 1]);',
        wrong: 'lossFn(first, second, target);',
        right: 'lossFn(first.squeeze(1), second.squeeze(1), target);',
        why: 'The three have as many dimensions; else each pair would be compared with the targets of all.',
      },
    ],
    unnoticed:
      'The default margin of 0, at which a model that gives all the same score has a loss of 0. Set one. Targets of 0 for the second: such pairs count as the margin, and teach nothing.',
    torch: 'The same numbers. `sampleWeight` and `weightedMean` are additions.',
    paper: {
      title: 'Joachims 2002: Optimizing search engines using clickthrough data',
      url: 'https://doi.org/10.1145/775047.775067',
    },
  },
} as const satisfies Readonly<Record<string, Words>>;
