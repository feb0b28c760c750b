/**
 * A walk through the loss functions: what goes in, what comes out, and what to expect of it.
 *
 *     pnpm losses-tour
 */
import { manualSeed, rand, randint, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { linesOf, runExample } from './command-line.ts';

const { F } = nn;

function chapter(title: string): void {
  console.log(`\n${title}\n${'='.repeat(title.length)}`);
}

/** Says in one line what to expect, then prints the tensors as PyTorch does. */
function show(expectation: string, values: Readonly<Record<string, Tensor>>): void {
  console.log(`\n${linesOf(expectation, 78).join('\n').replace(/^/gm, '# ')}`);
  for (const [name, value] of Object.entries(values)) {
    const text = String(value);
    // The rows of a matrix are aligned with its first, which therefore starts its line.
    console.log(text.includes('\n') ? `${name} =\n${text}` : `${name} = ${text}`);
  }
}

/** Prints losses that must be one number, and stops the tour if they are not. */
function showEqual(expectation: string, values: Readonly<Record<string, Tensor>>): void {
  show(expectation, values);
  const [first, ...others] = Object.values(values);
  const equal = others.every((value) => value.allclose(first!, { rtol: 1e-5, atol: 1e-7 }));
  console.log(equal ? '-> all equal' : '-> THEY DIFFER');
  if (!equal) process.exitCode = 1;
}

function binaryClassification(): void {
  chapter('Binary classification');
  const logits = randn([6]);
  const probabilities = logits.sigmoid();
  const target = randint(0, 2, [6]).float();
  show('Logits are any real numbers; the sigmoid makes probabilities of them; a target is 0 or 1.', {
    logits,
    probabilities,
    target,
  });
  showEqual('BCELoss takes probabilities, BCEWithLogitsLoss logits: the same number, computed more safely.', {
    'BCELoss()(probabilities, target)': new nn.BCELoss()(probabilities, target),
    'BCEWithLogitsLoss()(logits, target)': new nn.BCEWithLogitsLoss()(logits, target),
  });
  const none = new nn.BCEWithLogitsLoss({ reduction: 'none' })(logits, target);
  const sum = new nn.BCEWithLogitsLoss({ reduction: 'sum' })(logits, target);
  const mean = new nn.BCEWithLogitsLoss({ reduction: 'mean' })(logits, target);
  show(
    "Reduction 'none' keeps one loss for each element, 'sum' adds them up, 'mean' (the default) averages.",
    {
      none,
      sum,
      mean,
    },
  );
  showEqual("The other reductions can be had from 'none'.", { 'none.mean()': none.mean(), mean });
  show(
    'A sure and wrong answer costs its logit, however large; through the sigmoid, the clamp at 100 would hide it.',
    {
      'with logits': F.binaryCrossEntropyWithLogits(tensor([1e4, -1e4]), tensor([0, 1]).float()),
      'of probabilities': F.binaryCrossEntropy(tensor([1e4, -1e4]).sigmoid(), tensor([0, 1]).float()),
    },
  );
}

function multiLabel(): void {
  chapter('Multi-label classification');
  const logits = randn([3, 4]);
  const target = randint(0, 2, [3, 4]).float();
  show('Each of 3 items may carry any of 4 labels: the target is a row of yes and no for each item.', {
    logits,
    target,
  });
  const each = new nn.BCEWithLogitsLoss({ reduction: 'none' })(logits, target);
  const perItem = each.mean(1);
  show(
    'One loss for each label, shape [3, 4]; their mean along dim 1 is one loss for each item, shape [3].',
    {
      each,
      perItem,
    },
  );
  showEqual(
    'The mean over the items is the mean over everything; MultiLabelSoftMarginLoss computes just that.',
    {
      'perItem.mean()': perItem.mean(),
      'BCEWithLogitsLoss()': new nn.BCEWithLogitsLoss()(logits, target),
      'MultiLabelSoftMarginLoss()': new nn.MultiLabelSoftMarginLoss()(logits, target),
    },
  );
}

function multiClass(): void {
  chapter('Multi-class classification');
  const logits = randn([3, 5]);
  const target = tensor([1, 0, 4]);
  show('Each of 3 items belongs to one of 5 classes: the target is the number of the class, an int32.', {
    logits,
    target,
  });
  showEqual('CrossEntropyLoss takes logits, NLLLoss log-probabilities: three ways to one number.', {
    'CrossEntropyLoss()(logits, target)': new nn.CrossEntropyLoss()(logits, target),
    'NLLLoss()(softmax(logits).log(), target)': new nn.NLLLoss()(logits.softmax(1).log(), target),
    'NLLLoss()(logSoftmax(logits), target)': new nn.NLLLoss()(logits.logSoftmax(1), target),
  });
  show(
    'They part where a probability is too small for a float: softmax().log() is -inf there, logSoftmax is not.',
    {
      'softmax().log()': tensor([[0, 200]])
        .float()
        .softmax(1)
        .log(),
      'logSoftmax()': tensor([[0, 200]])
        .float()
        .logSoftmax(1),
    },
  );
}

function manyDimensions(): void {
  chapter('Multi-class in many dimensions');
  const logits = randn([10, 5, 2, 3, 4]);
  const target = randint(0, 5, [10, 2, 3, 4], { dtype: 'int32' });
  console.log(
    '\n# 10 items of 2 x 3 x 4 voxels, each of one of 5 classes: dim 1 of the input holds the classes.',
  );
  console.log('input', logits.shape, 'target', target.shape);
  showEqual('Both ways give one number, the mean over 240 voxels.', {
    'CrossEntropyLoss()(input, target)': new nn.CrossEntropyLoss()(logits, target),
    'NLLLoss()(logSoftmax(input, 1), target)': new nn.NLLLoss()(logits.logSoftmax(1), target),
  });
  const each = new nn.CrossEntropyLoss({ reduction: 'none' })(logits, target);
  console.log("\n# With reduction 'none' the loss has the shape of the target.");
  console.log('loss', each.shape);
}

function regression(): void {
  chapter('Regression');
  const prediction = randn([5]);
  const target = randn([5]);
  show('Predictions and targets are any numbers, of one shape.', { prediction, target });
  show('MSELoss squares the errors and is led by the large ones; L1Loss takes their size.', {
    'MSELoss()(prediction, target)': new nn.MSELoss()(prediction, target),
    'L1Loss()(prediction, target)': new nn.L1Loss()(prediction, target),
  });
  showEqual('By hand, the mean squared error is the mean of the squares.', {
    'MSELoss()(prediction, target)': new nn.MSELoss()(prediction, target),
    '(prediction - target)^2, mean': prediction.sub(target).square().mean(),
  });
}

function functionalForms(): void {
  chapter('The functional forms');
  const prediction = randn([4, 3], { requiresGrad: true });
  const target = tensor([2, 0, 1, 1]);
  showEqual('Every class has a function, with the same options in the last argument.', {
    'CrossEntropyLoss({ labelSmoothing: 0.1 })(prediction, target)': new nn.CrossEntropyLoss({
      labelSmoothing: 0.1,
    })(prediction, target),
    'F.crossEntropy(prediction, target, { labelSmoothing: 0.1 })': F.crossEntropy(prediction, target, {
      labelSmoothing: 0.1,
    }),
  });
  F.crossEntropy(prediction, target).backward();
  show('backward() leaves the gradient, (softmax - target) / 4: each row adds up to 0.', {
    'prediction.grad': prediction.grad!,
    'prediction.grad.sum(1)': prediction.grad!.sum(1),
  });
}

/** The squared error as a fraction of the target: large targets may be missed by more. */
class FractionalMSE extends nn.MSELoss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return super.forward(input, target, { sampleWeight: target.reciprocal() });
  }
}

function ownLoss(): void {
  chapter('A loss of your own');
  const energy = tensor([10, 100, 1000]).float();
  const estimate = tensor([11, 110, 1100]).float();
  show('Each estimate is off by a tenth.', { energy, estimate });
  show('FractionalMSE extends MSELoss and divides by the target; it inherits the reduction.', {
    "FractionalMSE({ reduction: 'none' })": new FractionalMSE({ reduction: 'none' })(estimate, energy),
    'FractionalMSE()': new FractionalMSE()(estimate, energy),
    'MSELoss()': new nn.MSELoss()(estimate, energy),
  });
}

function weightsPerBatch(): void {
  chapter('Weights that vary per batch');
  const prediction = tensor([1, 2, 3, 4]).float();
  const target = tensor([1, 1, 1, 1]).float();
  const lossFn = new nn.MSELoss({ reduction: 'none' });
  const sampleWeight = tensor([1, 2, 0, 2]).float();
  show('Every loss takes { sampleWeight } with each call: it multiplies the unreduced loss.', {
    'without weights': lossFn(prediction, target),
    sampleWeight,
    'with weights': lossFn(prediction, target, { sampleWeight }),
  });
  show("'mean' divides by the number of samples all the same, 'weightedMean' by the sum of the weights.", {
    mean: F.mseLoss(prediction, target, { sampleWeight }),
    weightedMean: F.mseLoss(prediction, target, { sampleWeight, reduction: 'weightedMean' }),
  });
  showEqual("With 'weightedMean', weight 0 leaves a sample out, and weight 2 counts it twice.", {
    weightedMean: F.mseLoss(prediction, target, { sampleWeight, reduction: 'weightedMean' }),
    'samples 0, 1, 1, 3, 3': F.mseLoss(tensor([1, 2, 2, 4, 4]).float(), tensor([1, 1, 1, 1, 1]).float()),
  });
  const learned = rand([4]).requiresGrad_();
  F.mseLoss(prediction, target, { sampleWeight: learned, reduction: 'sum' }).backward();
  show('Gradients flow to the weights if they require them: each is the loss of its sample.', {
    'weight.grad': learned.grad!,
  });
}

const example = {
  name: 'losses-tour',
  does: 'Walks through the loss functions: what goes in, what comes out, and what to expect of it.',
  numbers: {},
  switches: {},
  writes: false,
};

await runExample(example, () => {
  manualSeed(0);
  for (const stop of [
    binaryClassification,
    multiLabel,
    multiClass,
    manyDimensions,
    regression,
    functionalForms,
    ownLoss,
    weightsPerBatch,
  ])
    stop();
});
