import { floats, type Words } from './words.ts';

const integers = 'int32, or JavaScript numbers';

/** Losses of sequences. */
export const sequenceWords = {
  CTCLoss: {
    summary:
      'A sequence of labels against a longer one of predictions, with no word about which belongs to which: speech, handwriting.',
    expects: [
      {
        name: 'logProbs',
        shape: '(T, N, C) or (T, C): time first',
        values: 'log-probabilities of each class at each time: the result of a `logSoftmax`, 0 at most',
        dtype: floats,
      },
      {
        name: 'targets',
        shape: '(N, S), padded, or all labels in one row',
        values: 'the labels of each sample, without blanks',
        dtype: 'int32 or uint8',
      },
      {
        name: 'inputLengths',
        shape: '(N,)',
        values: 'how many times of each sample count, T at most',
        dtype: integers,
      },
      { name: 'targetLengths', shape: '(N,)', values: 'how many labels each sample has', dtype: integers },
    ],
    unreduced: '(N,) or (), a loss for each sample',
    formula: String.raw`\ell = -\log \sum_{\pi \in B^{-1}(\text{target})} \prod_{t=1}^{T} p_t(\pi_t)`,
    where:
      'The sum runs over all alignments $\\pi$ that give the target once repetitions are merged and blanks are taken out ($B$); $p_t$ are the probabilities at time $t$. The mean divides each loss by the length of its target first.',
    use: 'Where input and target are sequences in the same order, and the input is longer: speech, handwriting, gestures. The model gives a class or the blank at each time.',
    instead: {
      CrossEntropyLoss:
        'where each time has its label, or a model of language gives one word after the other',
    },
    mistakes: [
      {
        title: 'The batch first',
        setup:
          'const lossFn = new nn.CTCLoss();\nconst logProbs = randn([2, 6, 4]).logSoftmax(2); // 2 samples, 6 times\nconst targets = tensor([[1, 2], [3, 1]]);',
        wrong: 'lossFn(logProbs, targets, [6, 6], [2, 2]);',
        right: 'lossFn(logProbs.transpose(0, 1), targets, [6, 6], [2, 2]);',
        why: 'Time comes first, (T, N, C), as in recurrent layers.',
      },
      {
        title: 'A blank that is no class',
        setup: 'const logProbs = randn([6, 1, 4]).logSoftmax(2);\nconst targets = tensor([[1, 2]]);',
        wrong: 'nn.F.ctcLoss(logProbs, targets, [6], [2], { blank: 4 });',
        right: 'nn.F.ctcLoss(logProbs, targets, [6], [2], { blank: 0 });',
        why: 'The blank is one of the C classes, so that 27 letters need 28.',
      },
      {
        title: 'Lengths that do not add up',
        setup:
          'const lossFn = new nn.CTCLoss();\nconst logProbs = randn([6, 2, 4]).logSoftmax(2);\nconst targets = tensor([1, 2, 3]); // the labels of both samples in one row',
        wrong: 'lossFn(logProbs, targets, [6, 6], [2, 2]);',
        right: 'lossFn(logProbs, targets, [6, 6], [2, 1]);',
        why: 'All labels in one row are cut by their lengths.',
      },
    ],
    unnoticed:
      'A target longer than its input allows (a repeated label needs a blank between): the loss is infinite; `zeroInfinity` leaves such samples out. Logits without a `logSoftmax`: the gradient is right only behind one.',
    torch:
      'The same numbers, and the same gradient, which is that through a log-softmax. There is no second derivative, nor in PyTorch. `sampleWeight` and `weightedMean` are additions.',
    paper: {
      title: 'Graves et al. 2006: Connectionist temporal classification',
      url: 'https://doi.org/10.1145/1143844.1143891',
    },
  },
} as const satisfies Readonly<Record<string, Words>>;
