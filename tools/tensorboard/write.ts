/**
 * Writes a run of every kind of summary into the folder that is named, and beside it, as calls.json, what was asked
 * for: for read_back.py, which holds both against each other.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linspace, manualSeed, rand, randn, Tensor, tensor } from '../../packages/core/src/index.ts';
import { SummaryWriter } from '../../packages/tensorboard/src/index.ts';

const [folder = 'out/tensorboard', seed = '0'] = process.argv.slice(2);
manualSeed(Number(seed));

type Argument = number | string | boolean | null | Tensor | { readonly [name: string]: Argument };
type Method =
  | 'addScalar'
  | 'addScalars'
  | 'addHistogram'
  | 'addImage'
  | 'addImages'
  | 'addText'
  | 'addPrCurve'
  | 'addHparams';
type Call = readonly [
  method: Method,
  args: readonly Argument[],
  options: Readonly<Record<string, number | string>>,
];

const step = (globalStep: number) => ({ globalStep, walltime: 1.7e9 + globalStep / 8 });
const labels = rand([60]).gt(0.5).to('int32');
const calls: Call[] = [
  ...Array.from({ length: 40 }, (_, i): Call => ['addScalar', ['loss/train', 2 ** -i], step(i)]),
  ['addScalar', ['odd', Number.NaN], step(0)],
  ['addScalar', ['odd', -Infinity], step(2 ** 40)],
  ['addScalar', ['tensor', tensor([0.1])], step(3)],
  ['addScalars', ['both/losses', { train: 0.5, valid: tensor(0.25) }], step(4)],
  ['addHistogram', ['normal', randn([1000])], step(0)],
  ['addHistogram', ['wide', randn([200], { dtype: 'float64' }).mul(10).exp()], step(1)],
  ['addHistogram', ['one', tensor([0.5])], step(2)],
  ['addHistogram', ['zeros', tensor([0, 0, 0])], step(3)],
  ['addHistogram', ['limits', tensor([0, 1e-12, -1e-12, 1.1e-12], { dtype: 'float64' })], step(4)],
  ['addHistogram', ['integers', linspace(-50, 50, 101).to('int32')], step(5)],
  ['addImage', ['rgb', rand([3, 5, 7])], step(0)],
  ['addImage', ['grey', rand([1, 4, 4])], step(1)],
  ['addImage', ['flat', rand([6, 3])], { ...step(2), dataformats: 'HW' }],
  ['addImage', ['last', rand([6, 3, 3])], { ...step(3), dataformats: 'HWC' }],
  ['addImage', ['alpha', rand([4, 5, 6])], step(4)],
  ['addImage', ['bytes', rand([3, 4, 5]).mul(255).to('uint8')], step(5)],
  ['addImages', ['several', rand([11, 3, 4, 5])], step(0)],
  ['addImages', ['grey ones', rand([3, 1, 4, 5])], step(1)],
  ['addImages', ['channels last', rand([9, 4, 5, 3])], { ...step(2), dataformats: 'NHWC' }],
  ['addText', ['note', '# Überschrift\n\n| a | b |'], step(0)],
  ['addPrCurve', ['curve', labels, rand([60])], step(0)],
  ['addPrCurve', ['few', labels, labels.to('float32')], { ...step(1), numThresholds: 5 }],
  [
    'addHparams',
    [{ lr: 0.1, optimizer: 'SGD', layers: 3, none: null }, { 'hparam/loss': 0.5 }],
    { runName: 'first' },
  ],
  ['addHparams', [{ lr: 0.2 }, { 'hparam/loss': tensor(0.25) }], { runName: 'second', globalStep: 7 }],
];

/** A tensor as its dtype and values, numbers that JSON has not as strings. */
const plain = (_: string, x: unknown): unknown =>
  typeof x === 'number' && !Number.isFinite(x) ? String(x) : x;
const toJSON = (x: Argument): unknown => {
  if (x instanceof Tensor) return { dtype: x.dtype, values: x.tolist() };
  if (typeof x !== 'object' || x === null) return x;
  return {
    dict: Object.fromEntries(Object.entries(x).map(([name, value]) => [name, toJSON(value)])),
  };
};

await using writer = new SummaryWriter({ logDir: join(folder, 'ours'), purgeStep: 0 });
for (const [method, args, options] of calls)
  (writer[method] as (...args: unknown[]) => void)(...args, options);
writeFileSync(
  join(folder, 'calls.json'),
  JSON.stringify(
    calls.map(([method, args, options]) => ({ method, args: args.map(toJSON), options })),
    plain,
  ),
);
