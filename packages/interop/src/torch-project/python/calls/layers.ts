/** The library's layers and losses as PyTorch constructs them: their classes and arguments. */
import { defaultGenerator, isFloatingPoint, listenToCalls, noGrad, snakeCase, Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import * as nn from '@kindling/nn';
import { ExportError } from '../../../errors.ts';
import { libraryClass } from '../../../recording/index.ts';
import { call, dtypeName, literal, number, type Py, prefixed } from '../text/index.ts';
import { isBeyond } from './functions.ts';

type Fields = Readonly<Record<string, unknown>>;
type Constructor = new (...given: unknown[]) => AnyModule;

/** It holds a function, which is written by what happens in it. */
const withFunction = 'TripletMarginWithDistanceLoss';

/** The name of a module's class, where PyTorch has it. */
export function torchClass(module: AnyModule): string | null {
  const name = libraryClass(module);
  return name === null || name === withFunction || isBeyond(name) ? null : name;
}

/** That a constructor told what it takes. */
class Told extends Error {}

const told = new Map<unknown, readonly string[]>();

/** What a library class takes before its options, which the check of its arguments tells. */
function parametersOf(constructor: Constructor): readonly string[] {
  const known = told.get(constructor);
  if (known !== undefined) return known;
  let names: readonly string[] = [];
  const listener = listenToCalls({
    called(_, parameters) {
      names = Object.keys(parameters).filter((name) => name !== 'options');
      throw new Told();
    },
    computes: () => {},
  });
  try {
    new constructor();
  } catch (error) {
    if (!(error instanceof Told)) throw error;
  } finally {
    listenToCalls(listener);
  }
  told.set(constructor, names);
  return names;
}

/** A module of the class with nothing but what must be given; `null` where that is not enough. */
function plainOne(constructor: Constructor, given: readonly unknown[]): Fields | null {
  const state = defaultGenerator.getState();
  try {
    return noGrad(() => new constructor(...given)) as unknown as Fields;
  } catch {
    return null;
  } finally {
    defaultGenerator.setState(state);
  }
}

const isPlain = (x: unknown): boolean =>
  x === null ||
  ['number', 'string', 'boolean'].includes(typeof x) ||
  (Array.isArray(x) && x.every((item) => item === null || typeof item === 'number'));
const same = (a: unknown, b: unknown): boolean =>
  JSON.stringify([a]) === JSON.stringify([b]) &&
  Number.isNaN(a) === Number.isNaN(b) &&
  !(a === Infinity && b === null);

/** Sizes of which one number is the short form. */
const sizes: ReadonlySet<string> = new Set(
  'kernelSize stride padding dilation outputPadding normalizedShape outputSize size'.split(' '),
);
const short = (name: string, value: unknown): unknown => {
  if (!sizes.has(name) || !Array.isArray(value) || value.length === 0) return value;
  if (name === 'normalizedShape') return value.length === 1 ? value[0] : value;
  return value.every((n) => n === value[0]) && value[0] !== null ? value[0] : value;
};

/** Options that are not fields of their own names, of the classes that have them. */
const fieldsOf: Readonly<Record<string, (x: Fields) => Fields>> = {
  MultiheadAttention: (x) => ({
    ...x,
    bias: x.inProjBias !== null,
    addBiasKv: x.biasK !== null,
    kdim: x.kdim === x.embedDim ? null : x.kdim,
    vdim: x.vdim === x.embedDim ? null : x.vdim,
  }),
  RNNCell: (x) => ({ ...x, bias: x.biasIh !== null }),
  GRUCell: (x) => ({ ...x, bias: x.biasIh !== null }),
  LSTMCell: (x) => ({ ...x, bias: x.biasIh !== null }),
  AdaptiveLogSoftmaxWithLoss: (x) => ({
    ...x,
    cutoffs: (x.cutoffs as number[]).slice(0, -1),
    frequent: undefined,
    reduction: undefined,
  }),
  LinearCrossEntropyLoss: (x) => ({
    ...x,
    inFeatures: (x.linear as Fields).inFeatures,
    bias: (x.linear as Fields).bias !== null,
  }),
  TransformerEncoderLayer: transformerLayer,
  TransformerDecoderLayer: transformerLayer,
  Transformer: (x) => {
    const [encoder, decoder] = [x.encoder, x.decoder] as Fields[];
    const layers = (stack: Fields | undefined): Fields[] => [...((stack?.layers ?? []) as Iterable<Fields>)];
    const [first] = layers(encoder);
    const layer = first === undefined ? {} : transformerLayer(first);
    return {
      ...layer,
      ...{ dModel: x.dModel, nhead: x.nhead, batchFirst: x.batchFirst },
      ...{ numEncoderLayers: layers(encoder).length, numDecoderLayers: layers(decoder).length },
    };
  },
};

function transformerLayer(x: Fields): Fields {
  const [attention, first, norm, dropout] = [x.selfAttn, x.linear1, x.norm1, x.dropout] as Fields[];
  const activation = x.activation as {
    readonly op?: { readonly spec: { readonly name: string } };
    readonly name?: string;
  };
  return {
    ...{
      dModel: attention?.embedDim,
      nhead: attention?.numHeads,
      dimFeedforward: first?.outFeatures,
      dropout: dropout?.p,
    },
    ...{ activation: activationName(activation), layerNormEps: norm?.eps, batchFirst: attention?.batchFirst },
    ...{ normFirst: x.normFirst, bias: first?.bias !== null },
  };
}

/** The activation of a transformer's layer, which PyTorch takes by name where it is one of two. */
function activationName(f: unknown): unknown {
  if (f === nn.F.relu || f instanceof nn.ReLU) return 'relu';
  if (f === nn.F.gelu || (f instanceof nn.GELU && f.approximate === 'none')) return 'gelu';
  throw new ExportError(
    'TransformerEncoderLayer: its activation is a function of its own, which a layer of PyTorch cannot be given by name; use relu or gelu',
  );
}

/** What stands for a tensor that the state holds: a weight of classes, say. */
const ones = (x: Tensor): Py =>
  call('torch.ones', [
    ...(x.ndim === 0 ? ['()'] : x.shape.map(number)),
    ...(x.dtype === 'float32' ? [] : [`dtype=${dtypeName(x.dtype)}`]),
  ]);

/** A stack of layers, which PyTorch makes by copying the first one. */
function stack(module: AnyModule, name: string, part: (module: AnyModule) => Py): Py {
  const { layers, norm } = module as unknown as {
    readonly layers: Iterable<AnyModule>;
    readonly norm: AnyModule | null;
  };
  const all = [...layers];
  const [first] = all;
  if (first === undefined) throw new ExportError(`${name}: it has no layers`);
  return call(`nn.${name}`, [
    part(first),
    number(all.length),
    ...(norm == null ? [] : [prefixed('norm=', part(norm))]),
  ]);
}

/**
 * How a library module is constructed in PyTorch, defaults left out: `nn.Linear(784, 128, bias=False)`. `value` writes
 * a value under the name of its argument.
 */
export function construction(
  module: AnyModule,
  name: string,
  made: unknown = module.constructor,
  value: (x: unknown, argument: string) => Py = (x) => literal(x) ?? 'None',
  part: (module: AnyModule) => Py = (x) => construction(x, x.constructor.name),
): Py {
  if (name === 'TransformerEncoder' || name === 'TransformerDecoder') return stack(module, name, part);
  const constructor = made as Constructor;
  const adapt = fieldsOf[name] ?? ((x: Fields) => x);
  const fields = adapt(module as unknown as Fields);
  const required = parametersOf(constructor);
  const given = required.map((parameter) => fields[parameter]);
  const plain = plainOne(constructor, given);
  const defaults = plain === null ? null : adapt(plain);
  const options = Object.keys(fields).flatMap((option): Py[] => {
    const x = fields[option];
    if (option === 'training' || required.includes(option)) return [];
    const argument = snakeCase(option);
    if (x instanceof Tensor && (module instanceof nn.Loss || option === '_randomSamples'))
      return [prefixed(`${argument}=`, ones(x))];
    if (option === 'bias' && x === null) return fields.weight instanceof Tensor ? ['bias=False'] : [];
    if (defaults?.[option] instanceof Tensor) return [];
    if (!isPlain(x) || x instanceof Tensor) return [];
    if (defaults === null ? x === null || x === false : same(x, defaults[option])) return [];
    return [prefixed(`${argument}=`, value(short(option, x), argument))];
  });
  const positional = required
    .map((parameter, i) => value(short(parameter, given[i]), snakeCase(parameter)))
    .filter((_, i) => given.slice(i).some((x) => x !== undefined && x !== null));
  // What has no parameters is told its dtype only where it makes buffers.
  const makesBuffers = !(module instanceof nn.Loss) && !name.startsWith('FractionalMaxPool');
  const p = [...module.parameters(), ...(makesBuffers ? module.buffers() : [])].find((x) =>
    isFloatingPoint(x.dtype),
  );
  const dtype = p === undefined || p.dtype === 'float32' ? [] : [`dtype=${dtypeName(p.dtype)}`];
  return call(`nn.${name}`, [...positional, ...options, ...dtype]);
}
