/** The trainings that are there in both languages, and what PyTorch printed of each (see site/same-seed/record.py). */
import shapesRecord from '../../same-seed/shapes.json';
import shapes from '../../same-seed/shapes.ts?raw';
import sonnetRecord from '../../same-seed/sonnet.json';
import sonnet from '../../same-seed/sonnet.ts?raw';
import sortingRecord from '../../same-seed/sorting.json';
import sorting from '../../same-seed/sorting.ts?raw';
import spiralRecord from '../../same-seed/spiral.json';
import spiral from '../../same-seed/spiral.ts?raw';
import vaeRecord from '../../same-seed/vae.json';
import vae from '../../same-seed/vae.ts?raw';

/** What PyTorch printed, and where. */
export interface Recording {
  readonly torch: string;
  readonly threads: number;
  readonly processor: string;
  /** Of the script that was run. */
  readonly sha256: string;
  readonly millisecondsPerStep: number;
  /** The greatest relative difference of the losses to those of the same PyTorch with narrow vectors. */
  readonly narrowVectorsDifference: number;
  readonly losses: readonly number[];
}

export interface SameSeedProgram {
  /** Also the name of the files, and what stands behind the # of the page's address. */
  readonly name: string;
  readonly title: string;
  readonly parts: string;
  /** The TypeScript. */
  readonly code: string;
  readonly recording: Recording;
}

export const programs = [
  {
    name: 'spiral',
    title: 'Perceptron',
    parts: 'Two arms of a spiral told apart: linear layers, dropout, cross-entropy, Adam.',
    code: spiral,
    recording: spiralRecord,
  },
  {
    name: 'shapes',
    title: 'Convolutions',
    parts: 'Pictures drawn anew at each step: convolutions, GELU, max pooling, SGD with momentum, StepLR.',
    code: shapes,
    recording: shapesRecord,
  },
  {
    name: 'sonnet',
    title: 'LSTM',
    parts: 'Four lines learned by heart, letter by letter: an embedding, an LSTM, clipped gradients, Adam.',
    code: sonnet,
    recording: sonnetRecord,
  },
  {
    name: 'sorting',
    title: 'Transformer',
    parts: 'Eight digits put in order: a transformer encoder with dropout, AdamW, a warmup.',
    code: sorting,
    recording: sortingRecord,
  },
  {
    name: 'vae',
    title: 'Autoencoder',
    parts:
      'A variational autoencoder of dots: Xavier initialization, a shuffled DataLoader, batch norm, noise, RMSprop.',
    code: vae,
    recording: vaeRecord,
  },
] as const satisfies readonly SameSeedProgram[];

export type ProgramName = (typeof programs)[number]['name'];
