import { classIndices, input, type Mistake, target, type Words } from './words.ts';

const expects = [
  input("logits: any numbers; with `activation: 'none'` probabilities", '(N, C, d1, ...)'),
  target(
    'a mask of 0 and 1 (or between) for each channel, or the index of the class of each pixel',
    "the input's for a mask; (N, d1, ...) for indices",
    `any number for a mask; ${classIndices} for indices`,
  ),
] as const;
const unreduced = '(N, C), a loss for each region of each sample; (C,) with `batch`';
const sums =
  '$p$ are the probabilities (the sigmoid of the logits for masks, their softmax for class indices), $t$ the target, $s$ is `smooth`; sums run over the pixels of a region.';
const none = 'PyTorch has no such loss.';

const maskWithoutChannel = (make: string): Mistake => ({
  title: 'A mask without a channel',
  setup: `const lossFn = ${make};\nconst logits = randn([2, 1, 4, 4]);\nconst mask = randint(0, 2, [2, 4, 4]).float();`,
  wrong: 'lossFn(logits, mask);',
  right: 'lossFn(logits, mask.unsqueeze(1));',
  why: 'A target with one dimension less holds class indices, which are integers; a mask has a channel for each region, even for one.',
});
const noBatch = (make: string): Mistake => ({
  title: 'A row of pixels without sample and channel',
  setup: `const lossFn = ${make};\nconst logits = randn([16]);\nconst mask = randint(0, 2, [16]);`,
  wrong: 'lossFn(logits, mask);',
  right: 'lossFn(logits.reshape([1, 1, 16]), mask.reshape([1, 1, 16]));',
  why: 'What a region is, the shape says: (N, C, pixels). The sums run over the pixels of each sample and channel.',
});
const sigmoidTwice =
  "A sigmoid before the loss, which takes one itself: say `activation: 'none'` where the model gives probabilities.";

/** Losses of regions: how far a predicted one and the true one overlap. */
export const regionWords = {
  DiceLoss: {
    summary:
      'One minus the Dice coefficient: how much a predicted region and the true one overlap, whatever their size.',
    expects,
    unreduced,
    formula: String.raw`\ell(p, t) = 1 - \frac{2 \sum p\,t + s}{\sum p + \sum t + s}`,
    where: `${sums} With \`squared\` the sums below are of squares, as in the paper.`,
    use: 'For segmentation where the region is a small part of the image: a model that sees nothing has a loss near 1, not near 0. Often added to a cross-entropy, whose gradient is steadier.',
    instead: {
      BCEWithLogitsLoss: 'where regions and background are of similar size, or beside it',
      TverskyLoss: 'where a missed pixel is worse than a superfluous one, or the other way round',
      JaccardLoss: 'where the score is intersection over union',
      CrossEntropyLoss: 'for many classes, beside it',
    },
    mistakes: [
      maskWithoutChannel('new nn.DiceLoss()'),
      noBatch('new nn.DiceLoss()'),
      {
        title: 'An activation that there is not',
        setup: 'const logits = randn([2, 1, 4, 4]);\nconst mask = randint(0, 2, [2, 1, 4, 4]);',
        wrong: "new nn.DiceLoss({ activation: 'relu' })(logits, mask);",
        right: "new nn.DiceLoss({ activation: 'sigmoid' })(logits, mask);",
        why: 'What makes probabilities of the input: a sigmoid, a softmax, or nothing.',
      },
    ],
    unnoticed: sigmoidTwice,
    torch: none,
  },
  JaccardLoss: {
    summary: 'One minus the intersection over union of a predicted region and the true one.',
    expects,
    unreduced,
    formula: String.raw`\ell(p, t) = 1 - \frac{\sum p\,t + s}{\sum p + \sum t - \sum p\,t + s}`,
    where: sums,
    use: 'Where the result is scored by intersection over union. It is stricter than Dice: half an overlap costs more.',
    instead: {
      DiceLoss: 'where the score is Dice; the two order predictions alike',
      TverskyLoss: 'where misses and false alarms should cost differently',
    },
    mistakes: [maskWithoutChannel('new nn.JaccardLoss()'), noBatch('new nn.JaccardLoss()')],
    unnoticed: sigmoidTwice,
    torch: none,
  },
  TverskyLoss: {
    summary: 'An overlap in which false alarms and misses have prices of their own.',
    expects,
    unreduced,
    formula: String.raw`\ell(p, t) = 1 - \frac{TP + s}{TP + \alpha\,FP + \beta\,FN + s}`,
    where: `${sums} $TP = \\sum p\\,t$, $FP = \\sum p\\,(1 - t)$, $FN = \\sum (1 - p)\\,t$. With $\\alpha = \\beta = 1$ it is \`JaccardLoss\`, with one half each \`DiceLoss\` with twice the smooth.`,
    use: 'Where a missed lesion is worse than a false alarm: $\\beta > \\alpha$ finds more. The defaults, 0.3 and 0.7, are those of the paper.',
    instead: {
      DiceLoss: 'where both kinds of error cost the same',
      FocalTverskyLoss: 'where hard regions should count more',
    },
    mistakes: [maskWithoutChannel('new nn.TverskyLoss()'), noBatch('new nn.TverskyLoss()')],
    unnoticed:
      'Alpha and beta the wrong way round: papers differ. Here alpha is the price of false positives, beta that of false negatives.',
    torch: none,
  },
  FocalTverskyLoss: {
    summary: 'The Tversky loss to a power, so that regions that are hard to find count more.',
    expects,
    unreduced,
    formula: String.raw`\ell(p, t) = \left( 1 - \frac{TP + s}{TP + \alpha\,FP + \beta\,FN + s} \right)^{1/\gamma}`,
    where: `${sums} $TP$, $FP$ and $FN$ are those of \`TverskyLoss\`. $\\gamma$ is 4/3 by default.`,
    use: 'Where regions differ in size and the small ones are missed.',
    instead: {
      TverskyLoss:
        'to begin with: for gamma above 1 the slope grows toward a perfect overlap, and training may not settle',
      DiceLoss: 'where both kinds of error cost the same',
    },
    mistakes: [
      maskWithoutChannel('new nn.FocalTverskyLoss()'),
      {
        title: 'A gamma of 0',
        setup: 'const logits = randn([2, 1, 4, 4]);\nconst mask = randint(0, 2, [2, 1, 4, 4]);',
        wrong: 'nn.F.focalTverskyLoss(logits, mask, { gamma: 0 });',
        right: 'nn.F.focalTverskyLoss(logits, mask, { gamma: 1 });',
        why: 'The power is 1 / gamma: at 1 it is the Tversky loss itself.',
      },
    ],
    unnoticed:
      "Gamma as other libraries have it: some take the power itself, others its inverse. Here it is the paper's, the inverse.",
    torch: none,
  },
} as const satisfies Readonly<Record<string, Words>>;
