import { broadcastSizes, input, target, type Words } from './words.ts';

const pair = [input('the predictions, any numbers'), target('what they should be')] as const;
const unreduced = "the input's shape, a loss for each element";
const stigler = {
  title: 'Stigler 1981: Gauss and the invention of least squares',
  url: 'https://doi.org/10.1214/aos/1176345451',
};
const willmott = {
  title: 'Willmott and Matsuura 2005: Advantages of the mean absolute error over the root mean square error',
  url: 'https://doi.org/10.3354/cr030079',
};
const residual = '$x$ is the input, $y$ the target.';

/** Losses of numbers: what a regression begins with. */
export const numberWords = {
  MSELoss: {
    summary:
      'The mean squared error: the square of each difference. The first choice for predicting numbers whose errors are alike in size.',
    expects: pair,
    unreduced,
    formula: String.raw`\ell(x, y) = (x - y)^2`,
    where: `${residual} Its minimum over many targets is their mean.`,
    use: 'Where errors are roughly Gaussian and of one size, and where a large error is worse than many small ones. It is smooth, its gradient shrinks as the prediction gets near, and optimizers like it. Scale the targets to a standard deviation of about 1 first.',
    instead: {
      HuberLoss: 'where some targets are far off: their squares drown all others',
      L1Loss: 'where the median is wanted rather than the mean',
      GaussianNLLLoss: 'where the model is to say how sure it is',
      CrossEntropyLoss: 'where the numbers are classes',
      PoissonNLLLoss: 'where the targets are counts',
    },
    mistakes: [
      broadcastSizes('new nn.MSELoss()'),
      {
        title: 'A weight for each sample as an option of the class',
        setup: 'const input = randn([3]);\nconst target = randn([3]);\nconst weight = tensor([1, 0, 2]);',
        wrong: 'new nn.MSELoss({ weight })(input, target);',
        right: 'new nn.MSELoss()(input, target, { sampleWeight: weight });',
        why: 'Weights that change from batch to batch go with the call. Only the function takes `weight`, as in PyTorch: `F.mseLoss(input, target, { weight })`.',
      },
    ],
    unnoticed:
      'Targets in units of thousands: squares of a million make steps that destroy the weights. Standardise the targets, and undo it on the predictions.',
    torch:
      'The same numbers, `weight` of the function included. `sampleWeight` and `weightedMean` are additions.',
    paper: stigler,
  },
  L1Loss: {
    summary:
      'The mean absolute error: the size of each difference. All errors pull equally hard, so outliers do not rule.',
    expects: pair,
    unreduced,
    formula: String.raw`\ell(x, y) = \lvert x - y \rvert`,
    where: `${residual} Its minimum over many targets is their median. The gradient is the sign of the difference, and 0 where they are equal.`,
    use: 'Where a few targets are wrong or extreme, where the median is the answer, or where the error is to be read in the unit of the target. In images it gives sharper results than squares.',
    instead: {
      HuberLoss:
        'where training should settle: the gradient of L1 does not shrink near the target, so the last steps go to and fro',
      CharbonnierLoss: 'where it is to be L1 but smooth at 0',
      QuantileLoss: 'where another quantile than the median is wanted',
      MSELoss: 'where errors are Gaussian, or the mean is the answer',
    },
    mistakes: [
      broadcastSizes('new nn.L1Loss()'),
      {
        title: 'An option under a wrong name',
        setup: 'const input = randn([3]);\nconst target = randn([3]);',
        wrong: "new nn.L1Loss({ reduce: 'sum' })(input, target);",
        right: "new nn.L1Loss({ reduction: 'sum' })(input, target);",
        why: "PyTorch's old `reduce` and `size_average` are not there: `reduction` says all. No option is dropped in silence.",
      },
    ],
    torch:
      'The same numbers, and the same gradient of 0 at the kink. `sampleWeight` and `weightedMean` are additions.',
    paper: willmott,
  },
  SmoothL1Loss: {
    summary: 'L1 with a round bottom: a square for differences below beta, a line of slope 1 above.',
    expects: pair,
    unreduced,
    formula: String.raw`\ell(x, y) = \begin{cases} \dfrac{(x - y)^2}{2\,\beta} & \lvert x - y \rvert < \beta \\[1ex] \lvert x - y \rvert - \dfrac{\beta}{2} & \text{otherwise} \end{cases}`,
    where: `${residual} It is the Huber loss divided by its delta: as $\\beta$ shrinks it becomes L1, and at $\\beta = 0$ it is.`,
    use: 'For bounding boxes and other targets with outliers, where the slope far out should stay 1 whatever beta is. Set beta to the size of an error that is still good.',
    instead: {
      HuberLoss: 'where the square should stay the same and delta say how steep the line is',
      L1Loss: 'where beta would be 0',
      LogCoshLoss: 'where second derivatives should not jump',
      MSELoss: 'where there are no outliers',
    },
    mistakes: [
      broadcastSizes('new nn.SmoothL1Loss()'),
      {
        title: 'A negative beta',
        setup: 'const input = randn([3]);\nconst target = randn([3]);',
        wrong: 'nn.F.smoothL1Loss(input, target, { beta: -0.5 });',
        right: 'nn.F.smoothL1Loss(input, target, { beta: 0.5 });',
        why: 'Beta is the size of a difference. At 0 the loss is L1.',
      },
      {
        title: "Huber's name for beta",
        setup: 'const input = randn([3]);\nconst target = randn([3]);',
        wrong: 'new nn.SmoothL1Loss({ delta: 0.5 })(input, target);',
        right: 'new nn.SmoothL1Loss({ beta: 0.5 })(input, target);',
        why: 'The two losses differ by the factor of beta, and so do the names.',
      },
    ],
    torch: 'The same numbers, at beta 0 too. `sampleWeight` and `weightedMean` are additions.',
    paper: { title: 'Girshick 2015: Fast R-CNN', url: 'https://arxiv.org/abs/1504.08083' },
  },
  HuberLoss: {
    summary:
      'Half the square for differences up to delta, a line of slope delta above: smooth near the target, and outliers do not rule.',
    expects: pair,
    unreduced,
    formula: String.raw`\ell(x, y) = \begin{cases} \tfrac{1}{2}(x - y)^2 & \lvert x - y \rvert \le \delta \\[1ex] \delta \left( \lvert x - y \rvert - \tfrac{1}{2}\delta \right) & \text{otherwise} \end{cases}`,
    where: `${residual} The gradient is the difference, clipped to $[-\\delta, \\delta]$.`,
    use: 'The safe choice for real measurements: as good as squares where errors are small, as patient as L1 where a target is wrong. Set delta to the size of an error that is usual; larger ones count as outliers. It is what reinforcement learning uses for values, since it clips gradients.',
    instead: {
      MSELoss: 'where there are no outliers',
      SmoothL1Loss: 'where the slope far out should be 1 whatever the threshold',
      FractionalHuberLoss: 'where errors matter in per cent of the target',
      BinnedHuberLoss: 'where what is an outlier depends on the target, and is to be learned',
      LogCoshLoss: 'where there should be no threshold to choose',
    },
    mistakes: [
      broadcastSizes('new nn.HuberLoss()'),
      {
        title: 'A delta of 0',
        setup: 'const input = randn([3]);\nconst target = randn([3]);',
        wrong: 'nn.F.huberLoss(input, target, { delta: 0 });',
        right: 'nn.F.l1Loss(input, target);',
        why: 'Delta is the slope far out, so at 0 there would be nothing to learn from. L1 is the limit of `SmoothL1Loss`, not of this loss.',
      },
    ],
    unnoticed:
      'A delta far below the usual error makes all samples outliers: the loss is then delta times L1, and the learning rate is small without anybody having chosen it.',
    torch:
      'The same numbers. With `weight` (of the function) the mean divides by the number of elements, as in PyTorch. `sampleWeight` and `weightedMean` are additions.',
    paper: {
      title: 'Huber 1964: Robust estimation of a location parameter',
      url: 'https://doi.org/10.1214/aoms/1177703732',
    },
  },
} as const satisfies Readonly<Record<string, Words>>;
