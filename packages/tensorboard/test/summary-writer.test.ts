import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { KindlingError, ones, rand, randn, type Tensor, tensor } from '@kindling/core';
import { FileError } from '@kindling/core/node';
import { SummaryWriter } from '@kindling/tensorboard';
import fc from 'fast-check';
import { decode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HParamsPluginDataSchema, type Summary_Value } from '../src/proto/index.ts';
import { crc32c } from '../src/records.ts';
import { readEvents, readValues } from './support/read-events.ts';

let folder: string;
let writer: SummaryWriter;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindling-tensorboard-'));
  writer = new SummaryWriter({ logDir: folder });
});
afterEach(() => {
  writer.close();
  rmSync(folder, { recursive: true, force: true });
});

const bad = (value: unknown): never => value as never;
/** What a call logs. */
function logged(log: (writer: SummaryWriter) => void, of = folder): (Summary_Value & { step: number })[] {
  log(writer);
  writer.flush();
  return readValues(of);
}

describe('a file of events', () => {
  it('begins with its version, and holds what was added, in order', () => {
    writer.addScalar('loss', 0.5, { globalStep: 3, walltime: 12.5 });
    writer.addScalar('loss', tensor(0.25), { globalStep: 4 });
    writer.flush();
    const [version, first, second] = readEvents(folder);
    expect(version?.what).toEqual({ case: 'fileVersion', value: 'brain.Event:2' });
    expect(first).toMatchObject({ wallTime: 12.5, step: 3n });
    expect(Math.abs((second?.wallTime ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(readValues(folder).map(({ tag, value }) => [tag, value.value])).toEqual([
      ['loss', 0.5],
      ['loss', 0.25],
    ]);
  });

  it('is whole after each flush, and written to without one once enough events wait', () => {
    for (let i = 0; i < 10; i++) writer.addScalar('a', i);
    expect(readValues(folder)).toEqual([]);
    writer.addScalar('a', 10);
    expect(readValues(folder).length).toBe(11);
    const prompt = new SummaryWriter({ logDir: join(folder, 'prompt'), flushSecs: 0 });
    prompt.addScalar('a', 1);
    expect(readValues(join(folder, 'prompt')).length).toBe(1);
    prompt.close();
  });

  it('is written to by a process that ends without closing it, and keeps none alive', () => {
    const script = [
      `import { SummaryWriter } from '@kindling/tensorboard';`,
      `const writer = new SummaryWriter({ logDir: ${JSON.stringify(join(folder, 'left'))} });`,
      `writer.addScalar('a', 1);`,
      `writer.addScalars('both', { b: 2 });`,
    ].join('\n');
    const root = join(import.meta.dirname, '../../..');
    const file = join(import.meta.dirname, `left-${process.pid}.ts`);
    writeFileSync(file, script);
    try {
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(root, 'node_modules/tsx/dist/cli.mjs'), file],
        {
          encoding: 'utf8',
          timeout: 60_000,
        },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    } finally {
      rmSync(file);
    }
    expect(readValues(join(folder, 'left')).length).toBe(1);
    expect(readValues(join(folder, 'left/both_b')).length).toBe(1);
  });

  it('has a name of its own, also where several writers share a folder', () => {
    const others = [1, 2].map(() => new SummaryWriter({ logDir: folder, filenameSuffix: '.more' }));
    for (const other of others) other.close();
    const names = readdirSync(folder);
    expect(names.length).toBe(3);
    expect(names.filter((name) => name.endsWith('.more')).length).toBe(2);
    for (const name of names) expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\..+\.\d+\.\d+(\.more)?$/);
  });

  it('says from which step on a run that goes on replaces what it logged before', () => {
    const again = new SummaryWriter({ logDir: join(folder, 'again'), purgeStep: 7 });
    again.close();
    const [, version, start] = readEvents(join(folder, 'again'));
    expect(version).toMatchObject({ step: 7n, what: { case: 'fileVersion' } });
    expect(start).toMatchObject({ step: 7n, what: { case: 'sessionLog', value: { status: 1 } } });
  });

  it('has checksums by Castagnoli', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, at) => {
        const other = bytes.slice();
        const i = at % bytes.length;
        other[i] = (other[i] ?? 0) ^ 1;
        expect(crc32c(other)).not.toBe(crc32c(bytes));
      }),
    );
  });
});

describe('scalars', () => {
  it('of one picture are runs beside each other', () => {
    writer.addScalars('a/b', { 'x/y': 1, z: tensor(2) }, { globalStep: 5 });
    writer.flush();
    expect(readValues(folder)).toEqual([]);
    expect(readValues(join(folder, 'a_b_x_y'))).toMatchObject([{ tag: 'a/b', step: 5, value: { value: 1 } }]);
    expect(readValues(join(folder, 'a_b_z'))).toMatchObject([{ tag: 'a/b', step: 5, value: { value: 2 } }]);
  });

  it('are infinite beyond what float32 holds, in every kind of summary', () => {
    const values = logged((w) => {
      w.addScalar('a', 1e39);
      w.addScalar('b', tensor(-1e300, { dtype: 'float64' }));
      w.addScalar('c', 0.1);
      const weights = tensor([1e39, 0], { dtype: 'float64' });
      w.addPrCurve('d', tensor([1, 0]), tensor([0.75, 0.25]), { numThresholds: 2, weights });
    });
    const [a, b, c, d] = values.map(({ value }) => value);
    expect([a?.value, b?.value, c?.value]).toEqual([Infinity, -Infinity, Math.fround(0.1)]);
    expect(d?.case === 'tensor' && d.value.floatVal[0]).toBe(Infinity);
    writer.addHparams({ lr: 0.1 }, { loss: 1e39 }, { runName: 'diverged' });
    expect(readValues(join(folder, 'diverged')).at(-1)?.value.value).toBe(Infinity);
  });

  it('may be NaN, infinite, negative in step, and beyond 2^32', () => {
    const values = logged((w) => {
      w.addScalar('a', Number.NaN, { globalStep: -1 });
      w.addScalar('a', Infinity, { globalStep: 2 ** 50 });
    });
    expect(values.map(({ step, value }) => [step, value.value])).toEqual([
      [-1, Number.NaN],
      [2 ** 50, Infinity],
    ]);
  });
});

describe('histograms', () => {
  const histogram = (values: Tensor) => {
    const [value] = logged((w) => w.addHistogram('h', values)).slice(-1);
    if (value?.value.case !== 'histo') throw new Error('no histogram');
    return value.value.value;
  };

  it('count each value in the bin that begins at or below it', () => {
    const { bucket, bucketLimit, ...of } = histogram(tensor([0.5, -2, 0, 0, 3]));
    expect(of).toMatchObject({ min: -2, max: 3, num: 5, sum: 1.5, sumSquares: 13.25 });
    expect(bucket.length).toBe(bucketLimit.length);
    const inside = bucket
      .map((count, i) => [bucketLimit[i - 1], bucketLimit[i], count])
      .filter(([, , n]) => n);
    expect(inside.map(([, , n]) => n)).toEqual([1, 2, 1, 1]);
    for (const [[a = 0, b = 0], value] of inside.map((bin, i) => [bin, [-2, 0, 0.5, 3][i] ?? 0] as const)) {
      expect(a).toBeLessThanOrEqual(value);
      expect(b).toBeGreaterThan(value);
    }
  });

  it('lose no value, however large', () => {
    const { bucket } = histogram(tensor([1e300, -1e300, 1], { dtype: 'float64' }));
    expect(bucket.reduce((a, b) => a + b, 0)).toBe(3);
  });

  it('take bools, integers, views and what requires a gradient', () => {
    expect(histogram(tensor([true, false, true]))).toMatchObject({ num: 3, sum: 2 });
    expect(
      histogram(
        tensor([
          [1, 2],
          [3, 4],
        ]).t(),
      ),
    ).toMatchObject({ num: 4, sum: 10 });
    expect(histogram(randn([8], { requiresGrad: true })).num).toBe(8);
  });
});

describe('images', () => {
  const image = (log: (writer: SummaryWriter) => void) => {
    const [value] = logged(log).slice(-1);
    if (value?.value.case !== 'image') throw new Error('no image');
    const { encodedImageString, ...of } = value.value.value;
    const { data, channels } = decode(encodedImageString);
    return { ...of, pixels: Array.from(data), channels };
  };

  it('are bytes as they are, and numbers in [0, 1] times 255, cut off', () => {
    const bytes = tensor([[[0, 128, 255]], [[1, 2, 3]], [[4, 5, 6]]], { dtype: 'uint8' });
    const shown = image((w) => w.addImage('i', bytes));
    expect(shown).toMatchObject({ height: 1, width: 3, colorspace: 3, channels: 3 });
    expect(shown.pixels).toEqual([0, 1, 4, 128, 2, 5, 255, 3, 6]);
    expect(image((w) => w.addImage('i', tensor([[0, 0.5, 1]]), { dataformats: 'HW' })).pixels).toEqual([
      0, 127, 255,
    ]);
    expect(image((w) => w.addImage('i', tensor([[true, false]]), { dataformats: 'HW' })).pixels).toEqual([
      255, 0,
    ]);
  });

  it('have their channels first or last', () => {
    const x = rand([3, 4, 5]);
    const first = image((w) => w.addImage('i', x));
    expect(image((w) => w.addImage('i', x.permute([1, 2, 0]), { dataformats: 'HWC' }))).toMatchObject({
      pixels: first.pixels,
      height: 4,
      width: 5,
    });
  });

  it('stand in rows of 8, black where there is none', () => {
    const shown = image((w) => w.addImages('i', ones([9, 1, 2, 3])));
    expect(shown).toMatchObject({ height: 4, width: 24 });
    expect(shown.pixels.filter((p) => p === 255).length).toBe(9 * 6);
    expect(shown.pixels.slice(2 * 24, 2 * 24 + 4)).toEqual([255, 255, 255, 0]);
    const x = rand([2, 3, 4, 5]);
    const first = image((w) => w.addImages('i', x)).pixels;
    expect(image((w) => w.addImages('i', x.permute([0, 2, 3, 1]), { dataformats: 'NHWC' })).pixels).toEqual(
      first,
    );
  });
});

it('a text is a string tensor of the text plugin', () => {
  const [value] = logged((w) => w.addText('note', '# Ä'));
  expect(value).toMatchObject({ tag: 'note/text_summary', metadata: { pluginData: { pluginName: 'text' } } });
  if (value?.value.case !== 'tensor') throw new Error('no tensor');
  expect(new TextDecoder().decode(value.value.value.stringVal[0])).toBe('# Ä');
});

it('a curve of precision and recall has a column for each threshold', () => {
  const [value] = logged((w) =>
    w.addPrCurve('c', tensor([1, 0, 1]), tensor([0.9, 0.4, 0.2]), {
      numThresholds: 3,
      weights: tensor([1, 2, 1]),
    }),
  );
  if (value?.value.case !== 'tensor') throw new Error('no tensor');
  const rows = value.value.value.floatVal;
  // Thresholds 0, 1/2 and 1.
  expect(rows.slice(0, 12)).toEqual([2, 1, 0, 2, 0, 0, 0, 2, 2, 0, 1, 2]);
  expect(rows.slice(12)).toEqual([0.5, 1, 0, 1, 0.5, 0]);
});

it('hyperparameters are a session that has begun and ended, with its metrics', () => {
  const hparams = { lr: 0.1, optimizer: 'SGD', nesterov: true, seed: tensor(3), none: null };
  writer.addHparams(
    hparams,
    { 'hparam/loss': 0.5 },
    {
      runName: 'first',
      globalStep: 2,
      hparamDomainDiscrete: { optimizer: ['SGD', 'Adam'] },
    },
  );
  const values = readValues(join(folder, 'first'));
  expect(values.map(({ tag }) => tag)).toEqual([
    '_hparams_/experiment',
    '_hparams_/session_start_info',
    '_hparams_/session_end_info',
    'hparam/loss',
  ]);
  const [experiment, start] = values.map(({ metadata }) =>
    fromBinary(HParamsPluginDataSchema, metadata?.pluginData?.content ?? new Uint8Array()),
  );
  if (experiment?.data.case !== 'experiment' || start?.data.case !== 'sessionStartInfo')
    throw new Error('no session');
  expect(experiment.data.value.hparamInfos.map(({ name, type }) => [name, type])).toEqual([
    ['lr', 3],
    ['optimizer', 1],
    ['nesterov', 2],
    ['seed', 3],
  ]);
  expect(experiment.data.value.hparamInfos[1]?.domainDiscrete?.values.map(({ kind }) => kind.value)).toEqual([
    'SGD',
    'Adam',
  ]);
  expect(Object.entries(start.data.value.hparams).map(([name, { kind }]) => [name, kind.value])).toEqual([
    ['lr', 0.1],
    ['optimizer', 'SGD'],
    ['nesterov', true],
    ['seed', 3],
  ]);
});

it('each session of hyperparameters has a folder of its own, also of calls in the same moment', () => {
  const before = new Set(readdirSync(folder));
  for (let lr = 0; lr < 20; lr++) writer.addHparams({ lr }, { loss: lr });
  const sessions = readdirSync(folder).filter((name) => !before.has(name));
  expect(sessions.length).toBe(20);
  const losses = sessions.map((name) => readValues(join(folder, name)).at(-1)?.value.value);
  expect(new Set(losses)).toEqual(new Set(Array.from({ length: 20 }, (_, lr) => lr)));
});

describe('what cannot be', () => {
  const two = ones([2]);
  it.each<[string, (w: SummaryWriter) => void, string]>([
    [
      'a step that is no integer',
      (w) => w.addScalar('a', 1, { globalStep: 0.5 }),
      'SummaryWriter.addScalar: globalStep: expected an integer, got 0.5',
    ],
    [
      'a step in the place of options',
      (w) => w.addScalar('a', 1, bad(3)),
      'write SummaryWriter.addScalar("a", 1, { globalStep: 3 })',
    ],
    [
      'an option in snake_case',
      (w) => w.addScalar('a', 1, bad({ global_step: 3 })),
      'unknown option global_step; did you mean globalStep?',
    ],
    [
      'a time that is none',
      (w) => w.addScalar('a', 1, { walltime: Number.NaN }),
      'SummaryWriter.addScalar: walltime: expected a finite number, got NaN',
    ],
    [
      'no tag',
      (w) => w.addScalar('', 1),
      'SummaryWriter.addScalar: tag: expected a string of Unicode that is not empty, got ""',
    ],
    [
      'half a character in a tag, which UTF-8 has not',
      (w) => w.addScalar('a\ud83d', 1),
      'SummaryWriter.addScalar: tag: expected a string of Unicode that is not empty, got ',
    ],
    [
      'half a character in a text',
      (w) => w.addText('a', '\udd25'),
      'SummaryWriter.addText: textString: expected a string of Unicode, got ',
    ],
    [
      'half a character in the name of a curve',
      (w) => w.addScalars('a', { '\ud83d': 1 }),
      'tagScalars: expected an object of numbers, or of Tensors of one element, by name',
    ],
    [
      'half a character in a hyperparameter',
      (w) => w.addHparams({ kind: '\ud83d' }, {}),
      'SummaryWriter.addHparams: ',
    ],
    [
      'several numbers for one',
      (w) => w.addScalar('a', two),
      'scalarValue: expected a number, or a Tensor of one element, got a Tensor of shape [2]',
    ],
    [
      'several numbers for one of several',
      (w) => w.addScalars('a', { b: two }),
      'tagScalars: expected an object of numbers, or of Tensors of one element, by name',
    ],
    [
      'a histogram of nothing',
      (w) => w.addHistogram('h', ones([0])),
      'SummaryWriter.addHistogram: values: expected some, got a tensor without elements',
    ],
    [
      'a histogram with NaN',
      (w) => w.addHistogram('h', tensor([1, Number.NaN])),
      'values: expected finite numbers, got NaN (1 of 2 are not finite)',
    ],
    [
      'an image of other dimensions',
      (w) => w.addImage('i', ones([2, 2])),
      'image: expected 3 dimensions, CHW, got [2, 2]; say { dataformats } for others',
    ],
    [
      'an image of 2 channels',
      (w) => w.addImage('i', ones([2, 3, 4])),
      'image: expected 1, 3 or 4 channels and pixels, got [2, 3, 4] as CHW',
    ],
    [
      'an image beyond [0, 1]',
      (w) => w.addImage('i', ones([3, 1, 1]).mul(2)),
      'image: expected uint8, or numbers in [0, 1], got 2 in float32',
    ],
    ['an image of NaN', (w) => w.addImage('i', ones([3, 1, 1]).mul(Number.NaN)), 'got NaN in float32'],
    [
      'another format',
      (w) => w.addImage('i', ones([1, 1, 1]), bad({ dataformats: 'WHC' })),
      'dataformats: expected one of "CHW", "HWC", "HW", got "WHC"',
    ],
    [
      'images that are one',
      (w) => w.addImages('i', ones([3, 1, 1])),
      'images: expected 4 dimensions, NCHW, got [3, 1, 1]',
    ],
    [
      'a text that is none',
      (w) => w.addText('t', bad(3)),
      'SummaryWriter.addText: textString: expected a string of Unicode, got 3',
    ],
    [
      'predictions of another shape',
      (w) => w.addPrCurve('c', two, ones([3])),
      'predictions: expected the shape of labels, [2], got [3]',
    ],
    [
      'predictions beyond [0, 1]',
      (w) => w.addPrCurve('c', two, two.mul(2)),
      'predictions: expected probabilities in [0, 1], got 2',
    ],
    ...[Number.NaN, -1].map((weight): [string, (w: SummaryWriter) => void, string] => [
      `a weight of ${weight}`,
      (w) => w.addPrCurve('c', two, two, { weights: two.mul(weight) }),
      `weights: expected finite numbers >= 0, got ${weight}`,
    ]),
    ['labels that are none', (w) => w.addPrCurve('c', two.mul(3), two), 'labels: expected 0 and 1, got 3'],
    [
      'a hyperparameter that is none',
      (w) => w.addHparams(bad({ a: [1] }), {}),
      'hparams: expected an object of numbers, strings and booleans by name',
    ],
    [
      'choices of another type',
      (w) => w.addHparams({ a: 1 }, {}, { hparamDomainDiscrete: { a: ['x'] } }),
      'hparamDomainDiscrete: a: expected values of type number',
    ],
    [
      'choices of nothing',
      (w) => w.addHparams({ a: 1 }, {}, { hparamDomainDiscrete: { b: [1] } }),
      'hparamDomainDiscrete: b: expected one of a hyperparameters',
    ],
    [
      'a folder in the place of options',
      () => new SummaryWriter(bad('runs/a')),
      'SummaryWriter: expected an options object, got "runs/a"; write new SummaryWriter({ logDir: "runs/a" })',
    ],
  ])('%s is refused, and nothing is written', (_, call, message) => {
    expect(() => call(writer)).toThrow(KindlingError);
    expect(() => call(writer)).toThrow(message);
    writer.flush();
    expect(readEvents(folder).length).toBe(1);
    expect(readdirSync(folder).length).toBe(1);
  });

  it('is a folder that is none', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => new SummaryWriter({ logDir: file })).toThrow(FileError);
    expect(() => new SummaryWriter({ logDir: join(file, 'run') })).toThrow(
      /^SummaryWriter\('.*'\): E(NOTDIR|EXIST): /,
    );
  });

  it.skipIf(process.getuid?.() === 0)('is a folder without permission', () => {
    chmodSync(folder, 0o500);
    expect(() => new SummaryWriter({ logDir: join(folder, 'run') })).toThrow(FileError);
    chmodSync(folder, 0o700);
  });

  it('is a writer that is closed, which may be closed again', async () => {
    writer.addScalar('a', 1);
    await writer[Symbol.asyncDispose]();
    writer.close();
    for (const call of [() => writer.addScalar('a', 1), () => writer.flush(), () => writer.addText('a', 'b')])
      expect(call).toThrow('the writer is closed');
    expect(readValues(folder).length).toBe(1);
  });
});

it('the default folder is named after date and machine', () => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    const plain = new SummaryWriter({ comment: '_lr1' });
    expect(plain.logDir).toMatch(/^runs[/\\][A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.+_lr1$/);
    expect(existsSync(join(folder, plain.logDir))).toBe(true);
    plain.close();
  } finally {
    process.chdir(before);
  }
});
