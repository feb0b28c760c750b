import {
  classIndices,
  classTarget,
  floatClasses,
  floats,
  input,
  softmaxTwice,
  target,
  type Words,
} from './words.ts';

const scores = '(N, C), (C,) or (N, C, d1, ...)';
const perSample = '(N,), () or (N, d1, ...), a loss for each sample, the shape of class indices';
const classOrShares = [
  input('logits: any numbers, before any softmax; classes along dim 1', scores),
  target(
    'the index of the right class, 0 to C - 1; or the probabilities of all classes',
    "(N,), () or (N, d1, ...); for probabilities the input's",
    `${classIndices} for indices; floats for probabilities`,
  ),
] as const;
const bridle = {
  title: 'Bridle 1990: Probabilistic interpretation of feedforward classification network outputs',
  url: 'https://doi.org/10.1007/978-3-642-76153-9_28',
};
const oneHot = (make: string) => ({
  title: 'One-hot rows of integers',
  setup: `const lossFn = ${make};\nconst logits = randn([2, 3]);\nconst target = tensor([[1, 0, 0], [0, 0, 1]]);`,
  wrong: 'lossFn(logits, target);',
  right: 'lossFn(logits, target.argmax(1));',
  why: 'A target of the shape of the input is taken for probabilities, which are floats. Class indices have one dimension less.',
});
const outOfRange = (make: string) => ({
  title: 'Classes counted from 1',
  setup: `const lossFn = ${make};\nconst logits = randn([4, 3]);\nconst target = tensor([1, 3, 2, 1]);`,
  wrong: 'lossFn(logits, target);',
  right: 'lossFn(logits, target.sub(1));',
  why: 'The classes of C scores are 0 to C - 1. What is to be left out has `ignoreIndex`, -100 by default.',
});

/** Losses of classes, of which one is right. */
export const classWords = {
  CrossEntropyLoss: {
    summary:
      'Cross-entropy of the softmax of logits: the first choice where one of several classes is right.',
    expects: classOrShares,
    unreduced: perSample,
    formula: String.raw`\ell(x, t) = -w_t \log \frac{e^{x_t}}{\sum_c e^{x_c}} \qquad \text{or, for probabilities,} \qquad -\sum_c w_c\, q_c \log \frac{e^{x_c}}{\sum_k e^{x_k}}`,
    where:
      '$x$ are the logits of a sample, $t$ its class, $w$ the weights of classes, $q$ the target probabilities. `labelSmoothing` $s$ replaces them by $(1 - s)\\,q + s / C$. The gradient is $\\operatorname{softmax}(x) - q$, times the weight. With `weight` the mean over class indices divides by the weights of the targets.',
    use: 'Whenever one class of several is right: images, words, actions. The model ends in plain scores; probabilities for use are `logits.softmax(1)`. A little `labelSmoothing` (0.1) keeps the model from being too sure; `weight` helps rare classes.',
    instead: {
      BCEWithLogitsLoss: 'where several labels may apply, or there are two classes and one logit',
      NLLLoss: 'where the model gives log-probabilities',
      FocalLoss: 'where most samples are easy and drown the rest',
      EMDLoss: 'where classes are steps on a scale',
      LinearCrossEntropyLoss: 'where the last layer and the loss are one, as over large vocabularies',
      AdaptiveLogSoftmaxWithLoss: 'where there are very many classes, most of them rare',
      DiceLoss: 'beside it, for segmentation of small regions',
    },
    mistakes: [
      softmaxTwice('new nn.CrossEntropyLoss()'),
      oneHot('new nn.CrossEntropyLoss()'),
      floatClasses('new nn.CrossEntropyLoss()'),
      outOfRange('new nn.CrossEntropyLoss()'),
      {
        title: 'Classes in the last dimension',
        setup:
          'const lossFn = new nn.CrossEntropyLoss();\nconst logits = randn([2, 7, 5]); // 2 texts, 7 words, 5 classes\nconst target = randint(0, 5, [2, 7]);',
        wrong: 'lossFn(logits, target);',
        right: 'lossFn(logits.transpose(1, 2), target);',
        why: 'Classes lie along dim 1, as in images. Or make one row of all words: `logits.reshape([-1, 5])` and `target.flatten()`.',
      },
    ],
    unnoticed:
      'A `ReLU` after the last layer, which leaves the softmax no way to say no. And the loss of a model that knows nothing is log C: for 10 classes 2.30; what begins far above has weights that are too large.',
    torch:
      "The same numbers, in one operation forward and one backward. PyTorch's int64 targets are int32 here. `sampleWeight` and `weightedMean` are additions: by `'mean'` they multiply on top of the class weights.",
    paper: bridle,
  },
  NLLLoss: {
    summary:
      'The negative log-likelihood: what the model gives for the log-probability of the right class, with the sign turned.',
    expects: [
      input('log-probabilities: the result of a `logSoftmax` along dim 1, 0 at most', scores),
      classTarget,
    ],
    unreduced: perSample,
    formula: String.raw`\ell(x, t) = -w_t\, x_t`,
    where:
      '$x$ are log-probabilities, $t$ the class, $w$ the weights of classes. The mean divides by the weights of the targets that are not ignored.',
    use: 'Where the model gives log-probabilities, because they are needed elsewhere or come from something else than a softmax (a mixture, a hidden Markov model).',
    instead: {
      CrossEntropyLoss: 'where the model gives logits: the same number, in one step',
      KLDivLoss: 'where the target is a distribution',
      AdaptiveLogSoftmaxWithLoss: 'where there are very many classes',
    },
    mistakes: [
      {
        title: 'Probabilities for log-probabilities',
        setup:
          'const lossFn = new nn.NLLLoss();\nconst logits = randn([4, 3]);\nconst target = tensor([0, 2, 1, 0]);',
        wrong: 'lossFn(logits.softmax(1), target);',
        right: 'lossFn(logits.logSoftmax(1), target);',
        why: 'The loss takes no logarithm. Of probabilities it is negative, and pushes without end.',
      },
      floatClasses('new nn.NLLLoss()', 'randn([4, 3]).logSoftmax(1)'),
    ],
    unnoticed:
      'Logits: they are numbers of any size, and the loss of them falls without bound as the scores of all classes grow. If the loss is negative, look for a missing `logSoftmax`.',
    torch:
      "The same numbers. PyTorch's int64 targets are int32 here. `sampleWeight` and `weightedMean` are additions.",
    paper: bridle,
  },
  NLLLoss2d: {
    summary: "PyTorch's old name of the negative log-likelihood for images: a class for each pixel.",
    expects: [
      input('log-probabilities along dim 1, 0 at most', '(N, C, H, W)'),
      target('the index of the right class of each pixel', '(N, H, W)', classIndices),
    ],
    unreduced: '(N, H, W), a loss for each pixel',
    formula: String.raw`\ell(x, t)_{hw} = -w_{t_{hw}}\, x_{t_{hw},\,h,\,w}`,
    where: '$x$ are log-probabilities, $t$ the classes of pixels, $w$ the weights of classes.',
    use: 'In code that has this name. It is `NLLLoss`, which takes images just so.',
    instead: {
      NLLLoss: 'always: it is the same',
      CrossEntropyLoss: 'where the model gives logits',
      DiceLoss: 'where regions are small',
    },
    mistakes: [
      {
        title: 'Classes in the last dimension',
        setup:
          'const lossFn = new nn.NLLLoss2d();\nconst logProbs = randn([1, 4, 4, 3]).logSoftmax(3); // (N, H, W, C)\nconst target = randint(0, 3, [1, 4, 4]);',
        wrong: 'lossFn(logProbs, target);',
        right: 'lossFn(logProbs.permute([0, 3, 1, 2]), target);',
        why: 'Channels come second, (N, C, H, W), as everywhere in PyTorch. Images of browsers and of TensorFlow have them last.',
      },
      {
        title: 'A dimension for one channel of labels',
        setup:
          'const lossFn = new nn.NLLLoss2d();\nconst logProbs = randn([1, 3, 4, 4]).logSoftmax(1);\nconst target = randint(0, 3, [1, 1, 4, 4]);',
        wrong: 'lossFn(logProbs, target);',
        right: 'lossFn(logProbs, target.squeeze(1));',
        why: 'Class indices have no dimension for classes: a mask read as a picture of one channel has one too many.',
      },
    ],
    torch: 'The same numbers. PyTorch keeps the name for old code, and warns that it is deprecated.',
    paper: {
      title: 'Long, Shelhamer and Darrell 2014: Fully convolutional networks for semantic segmentation',
      url: 'https://arxiv.org/abs/1411.4038',
    },
  },
  FocalLoss: {
    summary: 'Cross-entropy that counts less what the model is sure of already.',
    expects: classOrShares,
    unreduced: perSample,
    formula: String.raw`\ell(x, t) = -w_t\,(1 - p_t)^{\gamma} \log p_t, \qquad p = \operatorname{softmax}(x)`,
    where:
      "$t$ is the class, $w$ the weights of classes (the paper's alpha), $\\gamma$ how strongly easy samples are discounted: at $\\gamma = 2$ a sample with $p_t = 0.9$ counts a hundredth. At 0 it is cross-entropy.",
    use: 'Where most samples are easy and few are hard, such as background and objects.',
    instead: {
      CrossEntropyLoss:
        'to begin with, and where probabilities are to be calibrated; its `weight` is the simpler cure of rare classes',
      SigmoidFocalLoss: 'where each label is a yes or no of its own',
    },
    mistakes: [
      softmaxTwice('new nn.FocalLoss()'),
      floatClasses('new nn.FocalLoss()'),
      {
        title: 'A number for alpha',
        setup: 'const logits = randn([4, 3]);\nconst target = tensor([0, 2, 1, 0]);',
        wrong: 'new nn.FocalLoss({ alpha: 0.25 })(logits, target);',
        right: 'new nn.FocalLoss({ weight: tensor([0.25, 1, 1]) })(logits, target);',
        why: 'With several classes the balance is a weight for each. The number alpha belongs to `SigmoidFocalLoss`.',
      },
    ],
    unnoticed:
      'Its value beside that of a cross-entropy: it is smaller by its discounts, so that the two cannot be compared.',
    torch: 'PyTorch has no such loss.',
  },
  MultiMarginLoss: {
    summary:
      'The hinge of a support vector machine for several classes: the right score is to exceed all others by a margin.',
    expects: [
      input('scores, any numbers', '(N, C) or (C,)'),
      target('the index of the right class, 0 to C - 1', '(N,) or ()', classIndices),
    ],
    unreduced: '(N,) or (), a loss for each sample',
    formula: String.raw`\ell(x, t) = \frac{w_t}{C} \sum_{i \ne t} \max\bigl(0,\; m - x_t + x_i\bigr)^p`,
    where:
      '$t$ is the class, $m$ the `margin`, $p$ is 1 or 2, $w$ the weights of classes. Once the margin is kept, loss and gradient are 0.',
    use: 'Where only the decision counts, no probability, and samples that are clear should not pull any more.',
    instead: {
      CrossEntropyLoss: 'where probabilities are wanted, and as the first choice',
      MultiLabelMarginLoss: 'where several classes apply',
    },
    mistakes: [
      {
        title: 'Another power',
        setup: 'const scores = randn([4, 3]);\nconst target = tensor([0, 2, 1, 0]);',
        wrong: 'new nn.MultiMarginLoss({ p: 3 })(scores, target);',
        right: 'new nn.MultiMarginLoss({ p: 2 })(scores, target);',
        why: 'As in PyTorch the power is 1, the hinge, or 2, its square.',
      },
      floatClasses('new nn.MultiMarginLoss()'),
    ],
    unnoticed:
      'A softmax before the loss: probabilities differ by 1 at most, so that a margin of 1 is never kept.',
    torch:
      "The same numbers. PyTorch's int64 targets are int32 here. `sampleWeight` and `weightedMean` are additions.",
    paper: {
      title:
        'Crammer and Singer 2001: On the algorithmic implementation of multiclass kernel-based vector machines',
      url: 'https://www.jmlr.org/papers/v2/crammer01a.html',
    },
  },
  LinearCrossEntropyLoss: {
    summary:
      'A linear layer and the cross-entropy of its logits in one: the loss holds the last layer of the model.',
    expects: [
      input('features, any numbers', '(N, features) or (features,)'),
      {
        name: 'linearWeight',
        shape: '(C, features)',
        values: 'the weights of the last layer; the class has its own',
        dtype: floats,
      },
      classTarget,
    ],
    unreduced: perSample,
    formula: String.raw`\ell(h, t) = \operatorname{CrossEntropy}(W h + b,\; t)`,
    where: '$h$ is the input, $W$ the weights and $b$ the bias, if there is one.',
    use: 'For models of language, whose last layer gives a score for each of many words, and for code that is to read like PyTorch 2.15.',
    instead: {
      CrossEntropyLoss: 'where the last layer belongs to the model',
      AdaptiveLogSoftmaxWithLoss: 'where most of many classes are rare',
    },
    mistakes: [
      {
        title: 'Weights the wrong way round',
        setup:
          'const features = randn([2, 8]);\nconst weights = randn([8, 5]);\nconst target = tensor([1, 4]);',
        wrong: 'nn.F.linearCrossEntropy(features, weights, target);',
        right: 'nn.F.linearCrossEntropy(features, weights.t(), target);',
        why: 'A row for each class, as `nn.Linear` has them: (C, features).',
      },
      {
        title: 'A class without a row',
        setup: 'const lossFn = new nn.LinearCrossEntropyLoss(8, 5);\nconst features = randn([2, 8]);',
        wrong: 'lossFn(features, tensor([1, 5]));',
        right: 'lossFn(features, tensor([1, 4]));',
        why: 'The loss was made for 5 classes, 0 to 4.',
      },
    ],
    unnoticed: "Its parameters left out of the optimizer: give it `lossFn.parameters()` beside the model's.",
    torch:
      'The same numbers and state dict. PyTorch can work in chunks, to save memory; here the logits are made as a whole.',
    paper: {
      title: 'Wijmans et al. 2024: Cut your losses in large-vocabulary language models',
      url: 'https://arxiv.org/abs/2411.09009',
    },
  },
  AdaptiveLogSoftmaxWithLoss: {
    summary:
      'A softmax over very many classes, sorted from frequent to rare, that looks at the rare ones only where it must.',
    expects: [
      input('features, any numbers: the loss holds the last layer', '(N, inFeatures) or (inFeatures,)'),
      target('the index of the right class; frequent classes have small indices', '(N,) or ()', classIndices),
    ],
    unreduced: '(N,) or (), a loss for each sample',
    formula: String.raw`\ell(h, t) = \begin{cases} -\log p_{\text{head}}(t \mid h) & t < \text{cutoffs}_0 \\[1ex] -\log p_{\text{head}}(k \mid h) - \log p_k(t \mid h) & t \text{ in cluster } k \end{cases}`,
    where:
      'The head is a softmax over the frequent classes and the clusters; each cluster has a smaller layer and a softmax of its own. It gives `{ output, loss }`: the log-probability of each target, and its reduced negative.',
    use: 'For vocabularies of tens of thousands of words, where the full softmax takes most of the time. Sort the words by frequency; cutoffs may be at 2,000 and 10,000.',
    instead: {
      CrossEntropyLoss: 'for up to some thousand classes',
      LinearCrossEntropyLoss: 'where all classes are equally likely',
    },
    mistakes: [
      {
        title: 'Cutoffs in no order',
        setup: 'const features = randn([2, 16]);\nconst target = tensor([3, 999]);',
        wrong: 'new nn.AdaptiveLogSoftmaxWithLoss(16, 1000, [100, 10])(features, target);',
        right: 'new nn.AdaptiveLogSoftmaxWithLoss(16, 1000, [10, 100])(features, target);',
        why: 'Each cutoff is the first class of a cluster, and the clusters follow one another.',
      },
      {
        title: 'A class beyond the last',
        setup:
          'const layer = new nn.AdaptiveLogSoftmaxWithLoss(16, 1000, [10, 100]);\nconst features = randn([2, 16]);',
        wrong: 'layer(features, tensor([3, 1000]));',
        right: 'layer(features, tensor([3, 999]));',
        why: 'The classes are 0 to nClasses - 1.',
      },
    ],
    unnoticed: 'Classes that are not sorted by frequency: it is correct all the same, and slow.',
    torch:
      'The same numbers, initial weights and state dict. `sampleWeight` and `weightedMean` are additions.',
    paper: {
      title: 'Grave et al. 2016: Efficient softmax approximation for GPUs',
      url: 'https://arxiv.org/abs/1609.04309',
    },
  },
} as const satisfies Readonly<Record<string, Words>>;
