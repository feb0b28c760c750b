import { broadcastSizes, classIndices, input, refusedSizes, target, type Words } from './words.ts';

const logits = input('logits: any numbers, before any sigmoid');
const each = "the input's shape, a loss for each element";
const cox = {
  title: 'Cox 1958: The regression analysis of binary sequences',
  url: 'https://doi.org/10.1111/j.2517-6161.1958.tb00292.x',
};
const sigma = String.raw`$\sigma(x) = 1 / (1 + e^{-x})$`;

/** Losses of answers that are yes or no: one for a sample, or one for each of several labels. */
export const yesOrNoWords = {
  BCEWithLogitsLoss: {
    summary:
      'Binary cross-entropy from logits: the first choice for yes or no, and for several labels of which any may apply.',
    expects: [logits, target('0 or 1, or a probability between')],
    unreduced: each,
    formula: String.raw`\ell(x, y) = -w \left( p\, y \log \sigma(x) + (1 - y) \log(1 - \sigma(x)) \right)`,
    where: `${sigma}; $p$ is \`posWeight\` and $w$ \`weight\`, 1 by default. It is computed from the logit, so that no logarithm of 0 arises. The gradient is $\\sigma(x) - y$.`,
    use: 'Whenever the answer is yes or no. Where positives are rare, set `posWeight` to the number of negatives for each positive. Probabilities for use are `logits.sigmoid()`.',
    instead: {
      CrossEntropyLoss: 'where exactly one of several classes is right',
      SigmoidFocalLoss: 'where nearly everything is an easy negative',
      BCELoss: 'where only probabilities are to be had',
      AsymmetricLoss: 'where there are many labels, of which few apply',
      DiceLoss: 'where a mask is to overlap, whatever its size; often added to this one',
    },
    mistakes: [
      refusedSizes('new nn.BCEWithLogitsLoss()'),
      {
        title: 'The name in the wrong case',
        setup: 'const logits = randn([4]);\nconst target = tensor([0, 1, 0, 0]);',
        wrong: 'new nn.BCEWithLogitsLoss({ posweight: tensor([3]) })(logits, target);',
        right: 'new nn.BCEWithLogitsLoss({ posWeight: tensor([3]) })(logits, target);',
        why: 'An option that is not known is refused, where JavaScript would drop it and the weights would be 1.',
      },
    ],
    unnoticed:
      'A sigmoid at the end of the model: its results are numbers as good as any. The loss then never falls below 0.31 for positives, since a probability of 1 counts as a logit of 1.',
    torch:
      'The same numbers. `pos_weight` is `posWeight`, and keeps its name in state dicts. `sampleWeight` and `weightedMean` are additions.',
    paper: cox,
  },
  BCELoss: {
    summary: 'Binary cross-entropy of probabilities, for models that end in a sigmoid and cannot be changed.',
    expects: [input('probabilities, in [0, 1]'), target('0 or 1, or a probability between')],
    unreduced: each,
    formula: String.raw`\ell(x, y) = -w \left( y \log x + (1 - y) \log(1 - x) \right)`,
    where:
      '$x$ is a probability; $w$ is `weight`. The logarithms stop at -100, so that the loss of a certain mistake is finite.',
    use: 'Where the prediction is a probability and its logit is not to be had: a mean of several models, a product of probabilities.',
    instead: {
      BCEWithLogitsLoss:
        'whenever the logit is to be had: more accurate, and it still learns where the sigmoid is flat',
      CrossEntropyLoss: 'where exactly one of several classes is right',
    },
    mistakes: [
      {
        title: 'Logits for probabilities',
        setup: 'const logits = tensor([2.5, -1, 0.5]);\nconst target = tensor([1, 0, 1]);',
        wrong: 'new nn.BCELoss()(logits, target);',
        right: 'new nn.BCEWithLogitsLoss()(logits, target);',
        why: 'A probability lies between 0 and 1. Give logits to `BCEWithLogitsLoss`, rather than adding a sigmoid.',
      },
      {
        title: 'Targets of -1 and 1',
        setup: 'const probabilities = rand([3]);\nconst target = tensor([1, -1, 1]);',
        wrong: 'new nn.BCELoss()(probabilities, target);',
        right: 'new nn.BCELoss()(probabilities, target.add(1).div(2));',
        why: 'No is 0 here. Signs are what `SoftMarginLoss` takes, of logits.',
      },
    ],
    torch:
      'The same numbers, the stop at -100 and the least divisor of the gradient included. `sampleWeight` and `weightedMean` are additions.',
    paper: cox,
  },
  SigmoidFocalLoss: {
    summary:
      'Binary cross-entropy that counts less what the model is sure of already, for rare positives among many easy negatives.',
    expects: [logits, target('0 or 1, or a probability between')],
    unreduced: each,
    formula: String.raw`\ell(x, t) = -\alpha_t\,(1 - p_t)^{\gamma} \log p_t`,
    where: String.raw`$p_t$ is the probability of the truth: $\sigma(x)$ where $t$ is 1, $1 - \sigma(x)$ where it is 0. $\alpha_t$ is $\alpha$ for positives and $1 - \alpha$ for negatives.`,
    use: 'For detectors, where 100,000 boxes of background would drown a few objects. $\\gamma = 2$ and $\\alpha = 0.25$ are the values of the paper. Start the bias of the last layer so that the first probability is about 0.01.',
    instead: {
      BCEWithLogitsLoss: 'where classes are of similar size, and where probabilities are to be calibrated',
      FocalLoss: 'where exactly one of several classes is right',
      AsymmetricLoss: 'where negatives should be discounted more than positives',
    },
    mistakes: [
      refusedSizes('new nn.SigmoidFocalLoss()'),
      {
        title: 'An alpha above 1',
        setup: 'const logits = randn([4]);\nconst target = tensor([0, 1, 0, 0]);',
        wrong: 'nn.F.sigmoidFocalLoss(logits, target, { alpha: 3 });',
        right: 'nn.F.sigmoidFocalLoss(logits, target, { alpha: 0.75 });',
        why: 'Alpha is a share: positives have alpha, negatives 1 - alpha, so 0.75 weighs positives three times. `null` weighs none.',
      },
    ],
    unnoticed:
      "Dividing by the number of elements where the paper divides by that of positives: use `reduction: 'sum'` and divide yourself.",
    torch:
      'PyTorch has none; `torchvision.ops.sigmoid_focal_loss` is the same, but for alpha: there -1 turns the balance off, here `null`.',
  },
  SoftMarginLoss: {
    summary: 'The logistic loss of yes or no, with targets that are signs: 1 and -1.',
    expects: [logits, target('1 or -1')],
    unreduced: each,
    formula: String.raw`\ell(x, y) = \log\left(1 + e^{-y\,x}\right)`,
    where: '$x$ is the input, $y$ the sign. It is `BCEWithLogitsLoss` with $t = (y + 1) / 2$.',
    use: 'Where labels are signs already.',
    instead: {
      BCEWithLogitsLoss: 'where targets are 0 and 1, or weights are wanted',
      HingeEmbeddingLoss: 'where the input is a distance',
      MarginRankingLoss: 'where two scores are compared',
    },
    mistakes: [
      broadcastSizes('new nn.SoftMarginLoss()', 'scores', undefined, 'tensor([1, -1, -1, 1]);'),
      {
        title: 'A weight that it has not',
        setup:
          'const logits = randn([3]);\nconst target = tensor([1, -1, 1]);\nconst weight = tensor([1, 3, 1]);',
        wrong: 'new nn.SoftMarginLoss({ weight })(logits, target);',
        right: 'new nn.SoftMarginLoss()(logits, target, { sampleWeight: weight });',
        why: 'There are no weights of classes here; those of samples go with the call.',
      },
    ],
    unnoticed:
      'Targets of 0 for no: then the loss of every negative is log 2, whatever is predicted, and nothing is learned from them.',
    torch:
      "The same numbers, except that PyTorch's is infinite from about $-y\\,x = 89$ on in float32, where this goes on as a line. `sampleWeight` and `weightedMean` are additions.",
    paper: {
      title: 'Friedman, Hastie and Tibshirani 2000: Additive logistic regression',
      url: 'https://doi.org/10.1214/aos/1016218223',
    },
  },
  MultiLabelSoftMarginLoss: {
    summary: 'Binary cross-entropy averaged over the labels of a sample, so that each sample has one loss.',
    expects: [
      input('logits: any numbers, before any sigmoid', '(N, C) or (C,)'),
      target('0 or 1 for each label'),
    ],
    unreduced: '(N,) or (), a loss for each sample',
    formula: String.raw`\ell(x, y) = -\frac{1}{C} \sum_{c=1}^{C} w_c \left( y_c \log \sigma(x_c) + (1 - y_c) \log(1 - \sigma(x_c)) \right)`,
    where: `${sigma}; $w$ is \`weight\`, of the labels.`,
    use: 'For several labels, where samples rather than labels are to be weighted: one `sampleWeight` for each.',
    instead: {
      BCEWithLogitsLoss:
        'where each label should have its own loss, or a `posWeight`: its mean is the same number',
      MultiLabelMarginLoss: 'where only the order of scores matters',
      AsymmetricLoss: 'where few of many labels apply',
    },
    mistakes: [
      {
        title: 'Indices for labels',
        setup: 'const lossFn = new nn.MultiLabelSoftMarginLoss();\nconst logits = randn([2, 4]);',
        wrong: 'lossFn(logits, tensor([[0], [3]]));',
        right: 'lossFn(logits, tensor([[1, 0, 0, 0], [0, 0, 0, 1]]));',
        why: 'The target says yes or no for each label. Indices broadcast, and then stand for yes to all or no to all.',
      },
      {
        title: 'A weight for each sample as that of labels',
        setup:
          'const logits = randn([2, 4]);\nconst target = tensor([[1, 0, 0, 0], [0, 0, 0, 1]]);\nconst weight = tensor([1, 2]);',
        wrong: 'new nn.MultiLabelSoftMarginLoss({ weight })(logits, target);',
        right: 'new nn.MultiLabelSoftMarginLoss()(logits, target, { sampleWeight: weight });',
        why: '`weight` is of labels, (C,), and belongs to the loss; weights of samples go with the call.',
      },
    ],
    torch: 'The same numbers, infinite logits too. `sampleWeight` and `weightedMean` are additions.',
    paper: {
      title: 'Zhang and Zhou 2014: A review on multi-label learning algorithms',
      url: 'https://doi.org/10.1109/TKDE.2013.39',
    },
  },
  MultiLabelMarginLoss: {
    summary: 'A margin between the scores of the labels that apply and all others.',
    expects: [
      input('scores, any numbers', '(N, C) or (C,)'),
      target(
        'in each row the indices of the labels that apply, ended by -1 where there are fewer than C; what follows counts for nothing',
        "the input's",
        classIndices,
      ),
    ],
    unreduced: '(N,) or (), a loss for each sample',
    formula: String.raw`\ell(x, y) = \frac{1}{C} \sum_{j \in y} \sum_{i \notin y} \max\bigl(0,\; 1 - (x_j - x_i)\bigr)`,
    where:
      '$j$ runs over the labels that apply, $i$ over the others. Once each of the first is 1 above each of the others, the loss is 0.',
    use: 'For rankings of labels, where the score itself means nothing.',
    instead: {
      MultiLabelSoftMarginLoss: 'where probabilities are wanted',
      BCEWithLogitsLoss: 'where probabilities are wanted, and labels are weighted',
      MultiMarginLoss: 'where one label applies',
    },
    mistakes: [
      {
        title: 'Yes and no as floats',
        setup: 'const lossFn = new nn.MultiLabelMarginLoss();\nconst scores = randn([1, 4]);',
        wrong: 'lossFn(scores, tensor([[1, 0, 0, 1]]).float());',
        right: 'lossFn(scores, tensor([[0, 3, -1, -1]]));',
        why: 'The target lists the labels that apply: here 0 and 3. -1 ends the list.',
      },
      {
        title: 'A list shorter than the scores',
        setup: 'const lossFn = new nn.MultiLabelMarginLoss();\nconst scores = randn([1, 4]);',
        wrong: 'lossFn(scores, tensor([[0, 3]]));',
        right: 'lossFn(scores, tensor([[0, 3, -1, -1]]));',
        why: "The list is padded to the input's shape; -1 says where it ends.",
      },
    ],
    unnoticed:
      'Yes and no as integers, [1, 0, 0, 1], which are a list, too: label 1, then label 0 several times over.',
    torch:
      "The same numbers; PyTorch's int64 is int32 here. `sampleWeight` and `weightedMean` are additions.",
    paper: {
      title: 'Crammer and Singer 2003: A family of additive online algorithms for category ranking',
      url: 'https://www.jmlr.org/papers/v3/crammer03b.html',
    },
  },
  AsymmetricLoss: {
    summary:
      'Focal discounts that differ for positives and negatives, and a threshold below which negatives are dropped.',
    expects: [logits, target('0 or 1, or a probability between')],
    unreduced: each,
    formula: String.raw`\ell(x, t) = -t\,(1 - p)^{\gamma_+} \log p \;-\; (1 - t)\,p_m^{\gamma_-} \log(1 - p_m)`,
    where: String.raw`$p = \sigma(x)$, $p_m = \max(p - \text{clip}, 0)$: negatives whose probability is below the clip have no loss and no gradient.`,
    use: 'For many labels of which few apply, as in tagging of images, where negatives outweigh everything.',
    instead: {
      BCEWithLogitsLoss: 'to begin with, and where probabilities are to be calibrated',
      SigmoidFocalLoss: 'where positives and negatives may be discounted alike',
    },
    mistakes: [
      refusedSizes('new nn.AsymmetricLoss()'),
      {
        title: 'A clip of 1',
        setup: 'const logits = randn([3]);\nconst target = tensor([1, 0, 0]);',
        wrong: 'nn.F.asymmetricLoss(logits, target, { clip: 1 });',
        right: 'nn.F.asymmetricLoss(logits, target, { clip: 0.05 });',
        why: 'The clip is a probability, and at 1 it would drop all negatives.',
      },
    ],
    unnoticed:
      'A clip that is too large: negatives below it are never pushed down any further, so that scores are good for ranking and not as probabilities.',
    torch: "PyTorch has no such loss. The paper's code can stop gradients at the discounts; here they flow.",
  },
} as const satisfies Readonly<Record<string, Words>>;
