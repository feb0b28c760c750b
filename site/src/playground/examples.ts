/** The examples of the playground: programs that stand in files of their own, each tested in Node. */
import autoencoder from './examples/autoencoder.ts?raw';
import cartPole from './examples/cart-pole.ts?raw';
import charGpt from './examples/char-gpt.ts?raw';
import customLoss from './examples/custom-loss.ts?raw';
import digits from './examples/digits.ts?raw';
import regression from './examples/regression.ts?raw';
import spiral from './examples/spiral.ts?raw';
import xor from './examples/xor.ts?raw';

/** What is beside the code: the plane with its points, or pictures of what the program shows. */
export type View = 'plane' | 'drawing' | 'codes' | 'text' | 'cart';

export interface Example {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly view: View;
  readonly code: string;
}

export const examples: readonly Example[] = [
  {
    id: 'xor',
    title: 'XOR',
    text: 'Classes that no straight line divides. Eight hidden units are plenty; try two.',
    view: 'plane',
    code: xor,
  },
  {
    id: 'spiral',
    title: 'Spiral',
    text: 'Two arms around one another, and a step that is compiled to one WebAssembly program.',
    view: 'plane',
    code: spiral,
  },
  {
    id: 'regression',
    title: 'Regression',
    text: 'A curve through points. Drag one far off, and see what each loss makes of it.',
    view: 'plane',
    code: regression,
  },
  {
    id: 'custom-loss',
    title: 'A loss of your own',
    text: 'By inheritance: to miss an orange point costs nine times as much, so the boundary gives way to them.',
    view: 'plane',
    code: customLoss,
  },
  {
    id: 'digits',
    title: 'Digits',
    text: 'Learns from 1,700 digits of MNIST while you draw one of your own.',
    view: 'drawing',
    code: digits,
  },
  {
    id: 'autoencoder',
    title: 'Autoencoder',
    text: 'Each digit is squeezed into two numbers, its place in the picture, and drawn from them again.',
    view: 'codes',
    code: autoencoder,
  },
  {
    id: 'char-gpt',
    title: 'Char-GPT',
    text: 'A transformer that learns three sonnets letter by letter, and writes every 50 steps.',
    view: 'text',
    code: charGpt,
  },
  {
    id: 'cart-pole',
    title: 'CartPole',
    text: 'Pushes a cart so that its pole stays upright, and learns by trying. The score is how many steps it stood, of 500.',
    view: 'cart',
    code: cartPole,
  },
];

export const exampleOf = (id: string): Example | undefined => examples.find((example) => example.id === id);
