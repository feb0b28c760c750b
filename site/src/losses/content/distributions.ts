import { broadcastSizes, classIndices, floats, input, target, type Words } from './words.ts';

/** Losses of distributions: what is predicted is not a number but how probable each is. */
export const distributionWords = {
  GaussianNLLLoss: {
    summary:
      'The negative log-likelihood under a Gaussian: the model predicts a mean and a variance, and learns how sure it may be.',
    expects: [
      input('the predicted means'),
      target('what was observed'),
      {
        name: 'variance',
        shape: "the input's, or with 1 for the last dimension, or without it, or a number",
        values: 'the predicted variances, not negative: not the deviation, and not its logarithm',
        dtype: floats,
      },
    ],
    unreduced: "the input's shape, a loss for each element",
    formula: String.raw`\ell(x, y, v) = \frac{1}{2} \left( \log v + \frac{(x - y)^2}{v} \right)`,
    where: String.raw`$x$ is the input, $y$ the target, $v = \max(\text{variance}, \varepsilon)$. A large variance makes errors cheap and costs its logarithm; best is the variance that the errors really have.`,
    use: 'Where noise differs from sample to sample and the model is to say how much: error bars, sensor fusion, exploration. Let a `Softplus` or an exponential make the variance of what the last layer gives.',
    instead: {
      MSELoss: 'where the noise is the same everywhere: then this is the same up to a factor',
      QuantileLoss: 'where errors are not Gaussian',
      PoissonNLLLoss: 'where the targets are counts',
    },
    mistakes: [
      {
        title: 'The logarithm of the variance',
        setup:
          'const lossFn = new nn.GaussianNLLLoss();\nconst [mean, target] = [randn([4]), randn([4])];\nconst logVariance = tensor([-1.5, 0.5, -0.5, 1]);',
        wrong: 'lossFn(mean, target, logVariance);',
        right: 'lossFn(mean, target, logVariance.exp());',
        why: 'Networks predict logarithms, since these may be negative; the loss wants the variance itself.',
      },
      {
        title: 'Variances of another shape',
        setup:
          'const lossFn = new nn.GaussianNLLLoss();\nconst [mean, target] = [randn([4, 2]), randn([4, 2])];',
        wrong: 'lossFn(mean, target, rand([2]));',
        right: 'lossFn(mean, target, rand([4, 2]));',
        why: 'A variance for each element, or one for all of a sample: (4, 2), (4, 1) or (4,).',
      },
    ],
    unnoticed:
      'A standard deviation given for the variance: both are positive, and the model learns the square as well as it can. At the start, a variance near 0 makes gradients huge: begin with a few epochs of `MSELoss`, or keep the variance above a floor by `eps`.',
    torch:
      'The same numbers, and the same gradient below `eps`: a variance there is still told to grow. `sampleWeight` and `weightedMean` are additions.',
    paper: {
      title: 'Nix and Weigend 1994: Estimating the mean and variance of the target probability distribution',
      url: 'https://doi.org/10.1109/ICNN.1994.374138',
    },
  },
  PoissonNLLLoss: {
    summary: 'The negative log-likelihood of counts: the model predicts how many events to expect.',
    expects: [
      input(
        'the logarithm of the expected count, any number; with `logInput: false` the count itself, above 0',
      ),
      target('the observed counts, 0 or more'),
    ],
    unreduced: "the input's shape, a loss for each element",
    formula: String.raw`\ell(x, y) = e^x - y\,x \qquad \text{or, with logInput false,} \qquad x - y \log(x + \varepsilon)`,
    where:
      "$x$ is the input, $y$ the target. $\\log y!$ is left out, since it does not depend on the prediction; `full` adds Stirling's approximation of it. The minimum is at $e^x = y$, and its value may be negative.",
    use: 'Where targets count events that happen independently: clicks, decays, calls an hour. Its noise grows with the count, as that of counts does.',
    instead: {
      MSELoss: 'where counts are large and their noise does not grow with them',
      GaussianNLLLoss: 'where the variance is not the mean, and counts are large',
      CrossEntropyLoss: 'where there are only a few possible counts',
    },
    mistakes: [
      broadcastSizes('new nn.PoissonNLLLoss()', 'rates', undefined, 'tensor([0, 2, 1, 3]);'),
      {
        title: "PyTorch's name of the option",
        setup: 'const rate = rand([3]).add(0.1);\nconst target = tensor([0, 2, 1]);',
        wrong: 'new nn.PoissonNLLLoss({ log_input: false })(rate, target);',
        right: 'new nn.PoissonNLLLoss({ logInput: false })(rate, target);',
        why: 'Options are in camelCase. Taken as a logarithm, a rate would train a model whose predictions are wrong by an exponential.',
      },
    ],
    unnoticed:
      'A rate where its logarithm belongs, since both are numbers. If the last layer ends in an exponential or a `Softplus`, say `logInput: false`.',
    torch: 'The same numbers. `sampleWeight` and `weightedMean` are additions.',
    paper: {
      title: 'Nelder and Wedderburn 1972: Generalized linear models',
      url: 'https://doi.org/10.2307/2344614',
    },
  },
  KLDivLoss: {
    summary: 'The Kullback-Leibler divergence: how much a predicted distribution misses of a given one.',
    expects: [
      input('log-probabilities: the result of a `logSoftmax`, 0 at most', '(N, C) or any'),
      target('probabilities, in [0, 1]; with `logTarget` their logarithms'),
    ],
    unreduced: "the input's shape, a term for each class; only their sum is a divergence",
    formula: String.raw`\ell(x, y) = y \left( \log y - x \right) \qquad \text{or, with logTarget,} \qquad e^{y} \left( y - x \right)`,
    where:
      'The input $x$ is a logarithm, the target $y$ is none: the loss is $D(\\text{target} \\,\\|\\, \\text{prediction})$. A term with $y = 0$ is 0.',
    use: "Where the target is a distribution: distilling a teacher's softened outputs, labels on which people disagree, a prior. Use `reduction: 'batchmean'`, which gives the divergence as mathematics has it.",
    instead: {
      CrossEntropyLoss: 'which takes logits and target probabilities directly, and differs by a constant',
      EMDLoss: 'where classes have an order, and a near miss should cost less',
      NLLLoss: 'where the target is one class',
    },
    mistakes: [
      {
        title: 'Probabilities for log-probabilities',
        setup:
          "const lossFn = new nn.KLDivLoss({ reduction: 'batchmean' });\nconst logits = randn([4, 3]);\nconst target = randn([4, 3]).softmax(1);",
        wrong: 'lossFn(logits.softmax(1), target);',
        right: 'lossFn(logits.logSoftmax(1), target);',
        why: 'The input is a logarithm, for accuracy. With probabilities the loss is a number without meaning, which still goes down.',
      },
      {
        title: 'Input and target the wrong way round',
        setup:
          "const lossFn = new nn.KLDivLoss({ reduction: 'batchmean' });\nconst logits = randn([4, 3]);\nconst target = randn([4, 3]).softmax(1);",
        wrong: 'lossFn(target, logits.logSoftmax(1));',
        right: 'lossFn(logits.logSoftmax(1), target);',
        why: 'The prediction comes first, and only it is a logarithm.',
      },
    ],
    unnoticed:
      "The default `'mean'`, which divides by the number of classes too: the loss is then C times too small, and so is every step.",
    torch:
      "The same numbers, the default that divides by classes included. `'batchmean'` takes `sampleWeight`, too.",
    paper: {
      title: 'Kullback and Leibler 1951: On information and sufficiency',
      url: 'https://doi.org/10.1214/aoms/1177729694',
    },
  },
  EMDLoss: {
    summary:
      "The earth mover's distance over ordered classes: how far probability has to be moved, so that a near miss costs less than a far one.",
    expects: [
      input('logits, any numbers', '(N, C) or (N, C, d1, ...)'),
      {
        name: 'target',
        shape: "the input's, or the same without C",
        values: 'a distribution that sums to 1 over the classes, or the index of the class',
        dtype: `floats for a distribution; ${classIndices} for an index`,
      },
    ],
    unreduced: '(N,) or (N, d1, ...), a loss for each sample',
    formula: String.raw`\ell(x, t) = \sum_{c=1}^{C-1} \left\lvert \sum_{i \le c} (p_i - t_i) \right\rvert^{k}, \qquad p = \operatorname{softmax}(x)`,
    where:
      '$t$ is the target distribution (all at one class for an index), $k$ the `power`: 2 by default, 1 gives the distance itself.',
    use: 'Where classes are steps on a scale: ages, stars, bins of a histogram. Cross-entropy does not know that 4 stars are nearer to 5 than 1 is.',
    instead: {
      CrossEntropyLoss: 'where classes have no order',
      MSELoss: 'where one number is wanted, no distribution',
      KLDivLoss: 'where the order should not count',
    },
    mistakes: [
      {
        title: 'A power below 1',
        setup: 'const logits = randn([4, 5]);\nconst target = tensor([0, 2, 1, 4]);',
        wrong: 'nn.F.emdLoss(logits, target, { power: 0.5 });',
        right: 'nn.F.emdLoss(logits, target, { power: 1 });',
        why: 'Below 1 many small moves would cost more than a far one, and the slope at 0 would be infinite.',
      },
      {
        title: 'A class that there is not',
        setup: 'const logits = randn([4, 5]);\nconst stars = tensor([1, 3, 2, 5]);',
        wrong: 'nn.F.emdLoss(logits, stars);',
        right: 'nn.F.emdLoss(logits, stars.sub(1));',
        why: 'Classes begin with 0: one to five stars are the classes 0 to 4.',
      },
    ],
    unnoticed: 'Classes in no order, or a softmax before the loss: it takes logits.',
    torch: 'PyTorch has no such loss.',
  },
} as const satisfies Readonly<Record<string, Words>>;
