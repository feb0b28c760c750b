import type { LossName } from '../names.ts';

/** What one argument has to be. */
export interface Expectation {
  /** As the table of the losses calls it. */
  readonly name: string;
  readonly shape: string;
  /** What its numbers mean, and which are allowed. */
  readonly values: string;
  readonly dtype: string;
}

/** A mistake that Kindling notices: `wrong` warns or throws, `right` does neither; both come after `setup`. */
export interface Mistake {
  readonly title: string;
  readonly setup: string;
  readonly wrong: string;
  readonly right: string;
  /** What went wrong, and what follows from it. */
  readonly why: string;
}

/** Where something was published. */
interface Source {
  readonly title: string;
  readonly url: string;
}

/**
 * What is said of a loss and does not stand in the table that drives its tests. Texts are Markdown; a loss that is
 * named in code becomes a link to its page.
 */
export interface Words {
  /** What it measures, in a sentence. */
  readonly summary: string;
  readonly expects: readonly Expectation[];
  /** The shape of the unreduced loss, and what stands in it. */
  readonly unreduced: string;
  /** LaTeX, of one element or sample. */
  readonly formula: string;
  /** What its symbols are. */
  readonly where: string;
  /** When it is the right one. */
  readonly use: string;
  /** When another is. */
  readonly instead: Readonly<Partial<Record<LossName, string>>>;
  readonly mistakes: readonly [Mistake, ...Mistake[]];
  /** What goes wrong without a word, since no number tells. */
  readonly unnoticed?: string;
  /** How it differs from PyTorch's; of a loss that PyTorch has not, what comes nearest there. */
  readonly torch: string;
  /** Of PyTorch's losses; the table has the papers of the others. */
  readonly paper?: Source;
}

export const floats = 'float32 or float64';
export const numbers = 'float32 or float64; integers are converted';
export const classIndices = 'int32 or uint8';

/** Two tensors of one shape. */
export const input = (values: string, shape = 'any'): Expectation => ({
  name: 'input',
  shape,
  values,
  dtype: floats,
});
export const target = (values: string, shape = "the input's", dtype = numbers): Expectation => ({
  name: 'target',
  shape,
  values,
  dtype,
});

/** What the losses of class indices take. */
export const classTarget = target(
  'the index of the right class, 0 to C - 1',
  '(N,), () or (N, d1, ...)',
  classIndices,
);

/**
 * Sizes that broadcast: the mistake of all losses of two tensors of one shape that take it, as PyTorch does, with a
 * warning.
 */
export const broadcastSizes = (
  make: string,
  what = 'predictions',
  input = 'randn([4, 1]); // what a Linear(..., 1) gives',
  target = 'rand([4]);',
): Mistake => ({
  title: 'A column against a row',
  setup: `const lossFn = ${make};\nconst input = ${input}\nconst target = ${target}`,
  wrong: 'lossFn(input, target);',
  right: 'lossFn(input.squeeze(1), target);',
  why: `(4, 1) against (4,) broadcasts to (4, 4): each of the ${what} is compared with every target, and the best the model can do is to learn one number for all.`,
});

/** Sizes that differ, where the loss refuses them. */
export const refusedSizes = (make: string): Mistake => ({
  title: 'A column against a row',
  setup: `const lossFn = ${make};\nconst input = randn([4, 1]); // what a Linear(..., 1) gives\nconst target = tensor([0, 1, 1, 0]);`,
  wrong: 'lossFn(input, target);',
  right: 'lossFn(input.squeeze(1), target);',
  why: 'Input and target have one shape. Take the dimension of size 1 off the one, or add it to the other.',
});

/** A softmax before a loss that takes one itself. */
export const softmaxTwice = (make: string): Mistake => ({
  title: 'A softmax before the loss',
  setup: `const lossFn = ${make};\nconst logits = randn([4, 3]);\nconst target = tensor([0, 2, 1, 0]);`,
  wrong: 'lossFn(logits.softmax(1), target);',
  right: 'lossFn(logits, target);',
  why: 'The loss takes the softmax itself. Taken twice it still trains, but slowly and never to certainty: a probability of 1 counts as a logit of 1.',
});

/** Classes as floats, as they come from a table of floats. */
export const floatClasses = (make: string, logits = 'randn([4, 3])'): Mistake => ({
  title: 'Classes as floats',
  setup: `const lossFn = ${make};\nconst input = ${logits};\nconst target = tensor([0, 2, 1, 0], { dtype: 'float32' });`,
  wrong: 'lossFn(input, target);',
  right: "lossFn(input, target.to('int32'));",
  why: 'Class indices are integers. Labels that were read together with float features are floats, too.',
});
