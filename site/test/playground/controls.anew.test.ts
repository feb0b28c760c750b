/** Controls read programs and write into them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Layers,
  type Name,
  optimizerRates,
  read,
  type Settings,
  write,
  writeOptimizer,
} from '../../src/playground/controls.ts';
import { exampleOf } from '../../src/playground/examples.ts';

const codeOf = (id: string): string => exampleOf(id)?.code ?? '';

describe('reading', () => {
  it('finds all settings of the spiral', () => {
    expect(read(codeOf('spiral'))).toEqual({
      set: 'spiral',
      layers: { inputs: 2, hidden: [16, 16], outputs: 1, activation: 'Tanh' },
      loss: 'BCEWithLogitsLoss',
      optimizer: 'AdamW',
      rate: 0.01,
      batch: 32,
      seed: 0,
    });
  });

  it('leaves a loss of the program to it', () => {
    expect(read(codeOf('custom-loss')).loss).toBeUndefined();
  });

  it('leaves layers to the program where there are two nets, or of another form', () => {
    expect(read(codeOf('autoencoder')).layers).toBeUndefined();
    expect(
      read('new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(9, 1))').layers,
    ).toBeUndefined();
    expect(
      read('new nn.Sequential(new nn.Linear(2, width), new nn.Tanh(), new nn.Linear(width, 1))').layers,
    ).toBeUndefined();
    expect(read('new nn.Sequential(...layers)').layers).toBeUndefined();
  });

  it('takes no number for one that is computed', () => {
    expect(read('manualSeed(3 + 4)').seed).toBeUndefined();
    expect(read('manualSeed(seed)').seed).toBeUndefined();
  });

  it('reads what it can of code that is being typed', () => {
    expect(read('manualSeed(7);\nconst net = new nn.Sequ').seed).toBe(7);
    expect(read('')).toEqual({});
  });
});

describe('writing', () => {
  const layers: fc.Arbitrary<Layers> = fc.record({
    inputs: fc.constant(2),
    hidden: fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 1, maxLength: 5 }),
    outputs: fc.constant(1),
    activation: fc.constantFrom('Tanh', 'ReLU', 'GELU'),
  });
  const settings = fc.record({
    set: fc.constantFrom('xor', 'moons', 'circles'),
    layers,
    loss: fc.constantFrom('BCEWithLogitsLoss', 'SigmoidFocalLoss'),
    optimizer: fc.constantFrom('SGD', 'Adam', 'Lion'),
    rate: fc.constantFrom(0.3, 0.01, 0.001),
    batch: fc.integer({ min: 1, max: 1024 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  });

  it('writes what it reads again, in any order, and nothing else', () => {
    const order = fc.shuffledSubarray(
      ['set', 'layers', 'loss', 'optimizer', 'rate', 'batch', 'seed'] as Name[],
      { minLength: 7 },
    );
    fc.assert(
      fc.property(settings, order, (wanted: Settings, names) => {
        const code = names.reduce((text, name) => write(text, name, wanted[name]), codeOf('spiral'));
        expect(read(code)).toEqual(wanted);
        // Back again, it is the text that it was.
        const was = read(codeOf('spiral')) as Settings;
        expect(names.reduce((text, name) => write(text, name, was[name]), code)).toBe(codeOf('spiral'));
      }),
      { numRuns: 50 },
    );
  });

  it('changes nothing where it finds nothing', () => {
    expect(write('console.log(1);', 'seed', 3)).toBe('console.log(1);');
  });

  it('gives another optimizer a rate that suits it', () => {
    const code = writeOptimizer(codeOf('xor'), 'SGD');
    expect(read(code)).toMatchObject({ optimizer: 'SGD', rate: optimizerRates.SGD });
  });
});
