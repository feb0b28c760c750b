/** A small problem, drawn as the tests of the losses draw theirs, with its losses reduced. */
import { isFloatingPoint, Tensor, tensor } from '@kindling/core';
import { functional } from '@kindling/nn';
import { losses } from '../../../packages/nn/test/losses/all.ts';
import { Dice } from '../../../packages/nn/test/losses/dice.ts';
import type { LossEntry } from '../../../packages/nn/test/losses/table.ts';
import type { LossName } from './names.ts';

/** A row of the table, by the name of its class; `undefined` for the one loss that is a layer, too. */
export const entryOf = (name: LossName): LossEntry | undefined => losses.find((entry) => entry.name === name);

/** How many samples a problem has. */
export const samples = 4;
/** The seed of the problem that a page begins with. */
export const firstSeed = 7;

/** Something that was drawn, as it is printed. */
export interface Printed {
  readonly name: string;
  readonly text: string;
}

/** What comes of a reduction. */
export interface Reduced {
  /** The call, as it would be written. */
  readonly call: string;
  readonly result: string;
  /** Where the result comes from, in words. */
  readonly how: string;
}

/** A drawn problem, whose loss can be asked for. */
interface SmallProblem {
  readonly inputs: readonly Printed[];
  readonly reductions: readonly string[];
  reduce(reduction: string, sampleWeight: readonly number[] | null): Reduced;
}

/** Numbers that are easy to read: floats of two decimals, in single precision. */
const legible = (value: unknown): unknown =>
  value instanceof Tensor && isFloatingPoint(value.dtype)
    ? value.mul(100).round().div(100).to('float32')
    : value;

const print = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.join(', ')}]`
    : typeof value === 'function'
      ? '(a, b) => ...'
      : String(value);

/** The arguments of the function, of which those that the class does not take stand in brackets. */
function namesOf({ args }: LossEntry): readonly string[] {
  const [, ofFunction = ''] = /\(of the function: ([^)]*)\)/.exec(args) ?? [];
  const both = args.replace(/\s*\([^)]*\)/g, '').split(', ');
  return [...both, ...(ofFunction === '' ? [] : ofFunction.split(', '))];
}

const numbersOf = (x: Tensor): number[] => Array.from(x.detach().data);
const brief = (value: number): string => String(Number(value.toFixed(4)));

/** Draws a problem of four samples; the same seed gives the same. */
export function smallProblem(entry: LossEntry, seed: number): SmallProblem {
  const drawn = entry.draw({ n: samples, c: 3, extra: [], dice: new Dice(seed) });
  const args = drawn.args.map((arg, i) => {
    const plain = i === 0 && entry.before !== undefined && arg instanceof Tensor ? entry.before(arg) : arg;
    return legible(plain);
  });
  const options = Object.fromEntries(
    Object.entries(drawn.options).map(([name, value]) => [name, legible(value)]),
  );
  const names = namesOf(entry);
  const loss = functional[entry.fn as keyof typeof functional] as unknown as (...given: unknown[]) => Tensor;
  const inputs = [
    ...args.map((arg, i) => ({ name: names[i] ?? `argument ${i + 1}`, text: print(arg) })),
    ...Object.entries(options).map(([name, value]) => ({ name, text: print(value) })),
  ];
  const own = Object.keys(options);

  function reduce(reduction: string, sampleWeight: readonly number[] | null): Reduced {
    const weight = sampleWeight === null ? null : tensor([...sampleWeight], { dtype: 'float32' });
    const call = (how: string, w: Tensor | null): Tensor =>
      loss(...args, { ...options, reduction: how, sampleWeight: w });
    const result = call(reduction, weight);
    const given = [
      ...own,
      `reduction: '${reduction}'`,
      ...(weight ? [`sampleWeight: tensor([${sampleWeight?.join(', ')}])`] : []),
    ];
    return {
      call: `F.${entry.fn}(${names.slice(0, args.length).join(', ')}, { ${given.join(', ')} })`,
      result: String(result),
      how: explain(entry, reduction, call('none', weight), result),
    };
  }
  return { inputs, reductions: ['none', 'mean', 'sum', 'weightedMean', ...(entry.reductions ?? [])], reduce };
}

/** Where a result comes from: `unreduced` are the losses with their weights. */
function explain(entry: LossEntry, reduction: string, unreduced: Tensor, result: Tensor): string {
  if (reduction === 'none')
    return `The losses, times their weights if any: shape [${unreduced.shape.join(', ')}].`;
  const [sum = 0] = numbersOf(unreduced.sum());
  const [value = 0] = numbersOf(result);
  const whole = `The losses, times their weights if any, add up to ${brief(sum)}`;
  if (reduction === 'sum' || value === 0) return `${whole}.`;
  if (entry.meanOf !== undefined)
    return `${whole}; the mean is not that divided by one number, but as the formula says.`;
  return `${whole}; divided by ${brief(sum / value)} they give ${brief(value)}.`;
}
