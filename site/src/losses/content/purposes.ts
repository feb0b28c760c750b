import { broadcastSizes, input, numbers, target, type Words } from './words.ts';

const pair = [input('the predictions, any numbers'), target('what they should be')] as const;
const unreduced = "the input's shape, a loss for each element";
const residual = '$x$ is the input, $y$ the target.';
const none = 'PyTorch has no such loss.';

/** Losses of numbers whose errors have a shape of their own. */
export const purposeWords = {
  LogCoshLoss: {
    summary:
      'A Huber loss without a threshold: the logarithm of the hyperbolic cosine, smooth to every order.',
    expects: pair,
    unreduced,
    formula: String.raw`\ell(x, y) = \log \cosh (x - y)`,
    where: `${residual} It is about half the square of small differences, and the size less $\\log 2$ of large ones; the gradient is $\\tanh(x - y)$.`,
    use: 'Where the loss should be robust, and a method of second order (`LBFGS`, Gauss-Newton) wants a second derivative without jumps. The round part is about 1 wide: scale the targets to that.',
    instead: {
      HuberLoss: 'where the threshold should be chosen',
      CharbonnierLoss: 'where the round part should be narrower than 1',
      MSELoss: 'where there are no outliers',
    },
    mistakes: [
      broadcastSizes('new nn.LogCoshLoss()'),
      {
        title: 'A threshold that it has not',
        setup: 'const input = randn([3]);\nconst target = randn([3]);',
        wrong: 'new nn.LogCoshLoss({ delta: 2 })(input, target);',
        right: 'new nn.HuberLoss({ delta: 2 })(input, target);',
        why: 'Log-cosh has no options besides the reduction. To widen its round part, divide both input and target by a scale.',
      },
    ],
    torch: `${none} Written there as \`(x - y).cosh().log()\` it overflows beyond a difference of 88 in float32; here it does not.`,
  },
  CharbonnierLoss: {
    summary: 'The L1 loss, made smooth at 0: the root of the squared difference plus a small square.',
    expects: pair,
    unreduced,
    formula: String.raw`\ell(x, y) = \sqrt{(x - y)^2 + \varepsilon^2}`,
    where: `${residual} $\\varepsilon$ is how wide the bottom is; there the loss is $\\varepsilon$, not 0.`,
    use: 'For restoring images (denoising, super-resolution), where L1 is wanted and its kink is not.',
    instead: {
      L1Loss: 'where the kink does no harm and a perfect fit should cost nothing',
      SmoothL1Loss: 'where the bottom should be a true parabola that reaches 0',
      LogCoshLoss: 'where the round part may be wide',
    },
    mistakes: [
      broadcastSizes('new nn.CharbonnierLoss()'),
      {
        title: 'An epsilon of 0',
        setup: 'const input = randn([3]);\nconst target = randn([3]);',
        wrong: 'nn.F.charbonnierLoss(input, target, { epsilon: 0 });',
        right: 'nn.F.charbonnierLoss(input, target, { epsilon: 1e-3 });',
        why: 'Without it the root has no derivative at 0. For the plain absolute value there is `L1Loss`.',
      },
    ],
    torch: none,
  },
  QuantileLoss: {
    summary:
      'The pinball loss: what is too low and what is too high cost differently, so its minimum is a quantile.',
    expects: [
      input('the predictions; with a list of Q quantiles one for each', 'any; with a list (..., Q)'),
      target('what was observed', "the input's, without Q"),
      {
        name: 'quantiles',
        shape: 'a number, or Q numbers',
        values: 'the wanted quantiles, above 0 and below 1',
        dtype: 'JavaScript numbers; of the class: in its constructor',
      },
    ],
    unreduced: "the input's shape, a loss for each prediction and quantile",
    formula: String.raw`\ell(x, y) = \max\bigl(q\,(y - x),\; (q - 1)\,(y - x)\bigr)`,
    where: `${residual} $q$ is the quantile: at 0.9 a prediction that is too low costs nine times as much as one that is too high. At 0.5 the loss is half of L1.`,
    use: 'For intervals rather than points: predict the quantiles 0.1, 0.5 and 0.9 at once, and the truth should lie between the outer two in 80 % of cases. No shape of the distribution is assumed.',
    instead: {
      GaussianNLLLoss: 'where errors are Gaussian and a mean with a variance says all',
      L1Loss: 'where the median alone is wanted',
    },
    mistakes: [
      {
        title: 'Per cent for a quantile',
        setup: 'const input = randn([3]);\nconst target = randn([3]);',
        wrong: 'new nn.QuantileLoss(90)(input, target);',
        right: 'new nn.QuantileLoss(0.9)(input, target);',
        why: 'A quantile is a share between 0 and 1; at either end the loss would be least at infinity.',
      },
      {
        title: 'One prediction for several quantiles',
        setup: 'const lossFn = new nn.QuantileLoss([0.1, 0.5, 0.9]);\nconst target = randn([4]);',
        wrong: 'lossFn(randn([4]), target);',
        right: 'lossFn(randn([4, 3]), target);',
        why: 'Each quantile is a prediction of its own, along the last dimension: let the last layer give Q numbers.',
      },
    ],
    unnoticed:
      'Quantiles that cross: nothing in the loss keeps the 0.1 below the 0.9 of one sample. Predict the lowest and positive steps from there.',
    torch: none,
  },
  FractionalHuberLoss: {
    summary:
      'The Huber loss of the error as a fraction of the target: 10 % off costs the same at 10 and at 10,000.',
    expects: [input('the predictions, any numbers'), target('what they should be, nowhere 0')],
    unreduced,
    formula: String.raw`\ell(x, y) = \begin{cases} \tfrac{1}{2} r^2 & \lvert r \rvert \le \delta \\[1ex] \delta \left( \lvert r \rvert - \tfrac{1}{2}\delta \right) & \text{otherwise} \end{cases} \qquad r = \frac{x}{y} - 1`,
    where: `${residual} $\\delta$ is a fraction: at 1 an estimate of twice the target is where the line begins.`,
    use: 'Where targets span orders of magnitude and precision is relative: energies of particles, prices, sizes of files.',
    instead: {
      HuberLoss: 'where errors matter in the unit of the target',
      BinnedHuberLoss: 'where relative precision itself depends on the target',
      MSELoss: 'of the logarithms, where targets are positive and no outliers are expected',
    },
    mistakes: [
      broadcastSizes('new nn.FractionalHuberLoss()'),
      {
        title: 'A delta that is not positive',
        setup: 'const input = rand([3]);\nconst target = rand([3]).add(1);',
        wrong: 'nn.F.fractionalHuberLoss(input, target, { delta: 0 });',
        right: 'nn.F.fractionalHuberLoss(input, target, { delta: 0.2 });',
        why: 'Delta is the fraction beyond which an error counts as an outlier.',
      },
    ],
    unnoticed:
      'Targets of 0, whose fraction is infinite or not a number. Leave such samples out with a `sampleWeight` only after making their target 1: 0 times infinity is not a number.',
    torch: none,
  },
  BinnedHuberLoss: {
    summary:
      'A Huber loss with a threshold for each range of the target, which follows the residuals as training goes on.',
    expects: [
      input('the predictions, any numbers'),
      target('what they should be'),
      {
        name: 'edges',
        shape: '(E,)',
        values: 'what separates the ranges of the target, ascending; of the class: in its constructor',
        dtype: numbers,
      },
      {
        name: 'thresholds',
        shape: '(E + 1,)',
        values: 'of the function: the delta of each range; the class finds them',
        dtype: numbers,
      },
    ],
    unreduced,
    formula: String.raw`\ell(x, y) = \begin{cases} \tfrac{1}{2} r^2 & \lvert r \rvert \le \delta_{b(y)} \\[1ex] \delta_{b(y)} \left( \lvert r \rvert - \tfrac{1}{2}\delta_{b(y)} \right) & \text{otherwise} \end{cases} \qquad r = x - y`,
    where: `${residual} $b(y)$ is the range in which the target lies. In training the class moves each $\\delta$ toward the \`percentile\` of the residuals that its range had in the batch.`,
    use: 'Where small and large targets are measured with different precision, so that no one delta fits: the percentile says which share of residuals counts as regular.',
    instead: {
      HuberLoss: 'where one delta fits all',
      FractionalHuberLoss: 'where the precision is simply relative',
    },
    mistakes: [
      {
        title: 'Edges in no order',
        setup: 'const input = rand([3]).mul(100);\nconst target = rand([3]).mul(100);',
        wrong: 'new nn.BinnedHuberLoss([50, 20, 100])(input, target);',
        right: 'new nn.BinnedHuberLoss([20, 50, 100])(input, target);',
        why: 'The edges separate ranges that lie side by side.',
      },
      {
        title: 'As many thresholds as edges',
        setup: 'const input = rand([3]).mul(100);\nconst target = rand([3]).mul(100);',
        wrong: 'nn.F.binnedHuberLoss(input, target, tensor([50]), tensor([5]));',
        right: 'nn.F.binnedHuberLoss(input, target, tensor([50]), tensor([5, 20]));',
        why: 'One edge separates two ranges: below it, and from it on.',
      },
    ],
    unnoticed:
      'Evaluating in training mode, which moves the thresholds. Call `lossFn.eval()` with the model, and save `lossFn.stateDict()` with it.',
    torch: none,
  },
  WingLoss: {
    summary: 'A logarithm for small differences, whose gradient grows as they shrink, and L1 for large ones.',
    expects: pair,
    unreduced,
    formula: String.raw`\ell(x, y) = \begin{cases} \omega \log\left(1 + \dfrac{d}{\varepsilon}\right) & d < \omega \\[1.5ex] d - \omega + \omega \log\left(1 + \dfrac{\omega}{\varepsilon}\right) & \text{otherwise} \end{cases} \qquad d = \lvert x - y \rvert`,
    where: `${residual} $\\omega$ is where the line begins, $\\varepsilon$ how sharply the logarithm bends.`,
    use: 'For positions of landmarks in pixels, where most are nearly right and the last pixel matters.',
    instead: {
      AdaptiveWingLoss: 'where heat maps are predicted rather than positions',
      HuberLoss:
        'where small errors do not matter: there its gradient vanishes, and that of this loss is greatest',
      L1Loss: 'where training does not settle: the gradient jumps at 0 from one side to the other',
    },
    mistakes: [
      broadcastSizes('new nn.WingLoss()', 'positions'),
      {
        title: 'An omega of 0',
        setup: 'const input = randn([3]);\nconst target = randn([3]);',
        wrong: 'nn.F.wingLoss(input, target, { omega: 0 });',
        right: 'nn.F.l1Loss(input, target);',
        why: 'Omega is the range of the logarithm. Without it the loss would be L1.',
      },
    ],
    unnoticed:
      'Positions scaled to [0, 1]: omega and epsilon are in pixels by default, 10 and 2, so that everything lies in the steepest part. Scale them too.',
    torch: none,
  },
  AdaptiveWingLoss: {
    summary:
      'The wing loss for heat maps: its curve depends on the target, sharp on the foreground and tolerant on the background.',
    expects: [input('the predicted heat map'), target('the wanted heat map, in [0, 1]')],
    unreduced: "the input's shape, a loss for each pixel",
    formula: String.raw`\ell(x, y) = \begin{cases} \omega \log\left(1 + \left(\dfrac{d}{\varepsilon}\right)^{\alpha - y}\right) & d < \theta \\[1.5ex] A\,(d - \theta) + \omega \log\left(1 + \left(\dfrac{\theta}{\varepsilon}\right)^{\alpha - y}\right) & \text{otherwise} \end{cases} \qquad d = \lvert x - y \rvert`,
    where: `${residual} $A$ is the slope that continues the logarithm at $\\theta$, so that there is no kink.`,
    use: 'For heat maps of landmarks or poses, where a few pixels near 1 matter and a background of zeros is nearly everything.',
    instead: {
      WingLoss: 'where positions are predicted rather than heat maps',
      MSELoss: 'as the plain choice for heat maps, which tends to blur them',
    },
    mistakes: [
      broadcastSizes('new nn.AdaptiveWingLoss()', 'pixels'),
      {
        title: 'A theta of 0',
        setup: 'const input = rand([3]);\nconst target = rand([3]);',
        wrong: 'nn.F.adaptiveWingLoss(input, target, { theta: 0 });',
        right: 'nn.F.adaptiveWingLoss(input, target, { theta: 0.5 });',
        why: 'Theta is where the logarithm becomes a line.',
      },
    ],
    unnoticed:
      'Heat maps scaled to 255: the power is alpha less the target, so that targets above 1 turn the curve around. Divide by 255.',
    torch: none,
  },
} as const satisfies Readonly<Record<string, Words>>;
