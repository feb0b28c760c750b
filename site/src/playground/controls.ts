/**
 * What the controls show of a program, and what they write into it: a control changes the few letters that it stands
 * for, and leaves the rest as it was written. What is not found, or stands there in another form, is the program's own.
 */
import { classSets, curveSets } from '../page/data-sets.ts';
import { type Argument, type Call, Grammar, type Piece } from './grammar.ts';

export interface Layers {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation: string;
}

export interface Settings {
  readonly set: string;
  readonly layers: Layers;
  readonly loss: string;
  readonly optimizer: string;
  readonly rate: number;
  readonly batch: number;
  readonly seed: number;
}

export type Name = keyof Settings;

/** A value, and the piece of the code where it stands. */
interface Found<T> {
  readonly value: T;
  readonly from: number;
  readonly to: number;
}

type AllFound = { readonly [K in Name]?: Found<Settings[K]> | undefined };

export type Reading = { readonly [K in Name]?: Settings[K] };

export const activations = [
  'Tanh',
  'ReLU',
  'LeakyReLU',
  'GELU',
  'SiLU',
  'Sigmoid',
  'ELU',
  'Softplus',
  'Mish',
  'Hardtanh',
] as const;
/** Losses of logits and classes of 0 and 1, and of numbers and numbers. */
export const classLosses = ['BCEWithLogitsLoss', 'SigmoidFocalLoss', 'AsymmetricLoss'] as const;
export const curveLosses = [
  'MSELoss',
  'L1Loss',
  'SmoothL1Loss',
  'HuberLoss',
  'LogCoshLoss',
  'CharbonnierLoss',
  'QuantileLoss',
] as const;
/** Optimizers with a rate that suits the examples. */
export const optimizerRates: Readonly<Record<string, number>> = {
  Adam: 0.01,
  AdamW: 0.01,
  NAdam: 0.01,
  RAdam: 0.01,
  Adamax: 0.02,
  SGD: 0.3,
  RMSprop: 0.005,
  Adagrad: 0.1,
  Rprop: 0.01,
  Lion: 0.002,
};

/** The only one of its kind: of two it is not known which is meant. */
const only = <T>(all: readonly T[]): T | undefined => (all.length === 1 ? all[0] : undefined);

const numberOf = (piece: Piece | undefined): Found<number> | undefined =>
  piece?.kind === 'Number' && Number.isFinite(Number(piece.text))
    ? { ...piece, value: Number(piece.text) }
    : undefined;

/** The last name of `nn.Name`. */
function memberOf({ callee }: Call, namespace: string): Found<string> | undefined {
  const value = callee.text.startsWith(`${namespace}.`) ? callee.text.slice(namespace.length + 1) : '';
  return /^\w+$/.test(value) ? { value, from: callee.to - value.length, to: callee.to } : undefined;
}

function findSet(calls: readonly Call[]): Found<string> | undefined {
  const name = only(calls.filter(({ callee }) => callee.text === 'points'))?.arguments[0];
  if (name?.kind !== 'String') return undefined;
  const value = name.text.slice(1, -1);
  const known = classSets.includes(value) || curveSets.includes(value);
  return known ? { value, from: name.from + 1, to: name.to - 1 } : undefined;
}

const linearSizes = ({ call }: Argument): [number, number] | undefined => {
  const [from, to, ...more] = call?.arguments.map(numberOf) ?? [];
  return call?.callee.text === 'nn.Linear' && from && to && more.length === 0
    ? [from.value, to.value]
    : undefined;
};

const activationOf = ({ call }: Argument): string | undefined => {
  const name = call?.isNew && call.arguments.length === 0 ? memberOf(call, 'nn')?.value : undefined;
  return activations.find((known) => known === name);
};

/** `Linear, activation, Linear, activation, ..., Linear`, of which each takes what the one before it gives. */
function findLayers(calls: readonly Call[]): Found<Layers> | undefined {
  const net = only(calls.filter(({ callee, isNew }) => isNew && callee.text === 'nn.Sequential'));
  if (!net || net.arguments.length % 2 === 0) return undefined;
  const sizes = net.arguments.filter((_, i) => i % 2 === 0).map(linearSizes);
  const between = net.arguments.filter((_, i) => i % 2 === 1).map(activationOf);
  const [first] = sizes;
  const [activation = 'Tanh'] = between;
  if (!first || between.some((one) => one !== activation)) return undefined;
  const hidden: number[] = [];
  let given = first[0];
  for (const size of sizes) {
    if (size?.[0] !== given) return undefined;
    given = size[1];
    hidden.push(given);
  }
  const outputs = hidden.pop() ?? 1;
  return { value: { inputs: first[0], hidden, outputs, activation }, ...net.inside };
}

function find(code: string): AllFound {
  const { calls } = new Grammar(code);
  const made = (namespace: string, suits: (name: string, call: Call) => boolean) =>
    only(calls.filter((call) => call.isNew && suits(memberOf(call, namespace)?.value ?? '', call)));
  const loss = made('nn', (name) => /Loss$/.test(name));
  const optimizer = made('optim', (name) => name in optimizerRates);
  const options = optimizer?.arguments[1]?.properties;
  return {
    set: findSet(calls),
    layers: findLayers(calls),
    loss: loss && memberOf(loss, 'nn'),
    optimizer: optimizer && memberOf(optimizer, 'optim'),
    rate: numberOf(options?.get('lr')),
    batch: numberOf(only(calls.filter(({ callee }) => callee.text.endsWith('.sample')))?.arguments[0]),
    seed: numberOf(only(calls.filter(({ callee }) => callee.text === 'manualSeed'))?.arguments[0]),
  };
}

/** What a program says of each setting; what is missing is the program's own. */
export function read(code: string): Reading {
  const found = find(code);
  const entries = Object.entries(found).flatMap(([name, one]) => (one ? [[name, one.value]] : []));
  return Object.fromEntries(entries) as Reading;
}

function layersText({ inputs, hidden, outputs, activation }: Layers): string {
  const sizes = [inputs, ...hidden, outputs];
  const lines = sizes.slice(1).map((size, i) => `  new nn.Linear(${sizes[i]}, ${size}),\n`);
  return `\n${lines.join(`  new nn.${activation}(),\n`)}`;
}

/** The program with one setting changed; the same program where it says nothing of it. */
export function write<K extends Name>(code: string, name: K, value: Settings[K]): string {
  const found = find(code)[name];
  if (!found) return code;
  const text = typeof value === 'object' ? layersText(value) : String(value);
  return code.slice(0, found.from) + text + code.slice(found.to);
}

/** Another optimizer, with a rate that suits it. */
export function writeOptimizer(code: string, optimizer: string): string {
  return write(write(code, 'optimizer', optimizer), 'rate', optimizerRates[optimizer] ?? 0.01);
}
