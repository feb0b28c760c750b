import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type Tensor, ValueError } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { loadTorch } from '../../src/torch-file/index.ts';
import { fileOf, type Part, partsOf, zip } from './support/archives.ts';
import { bytesOf } from './support/fixtures.ts';
import { draws, mutated } from './support/mutations.ts';

/** The error of a file, or what it holds. */
async function outcome(bytes: Uint8Array): Promise<unknown> {
  try {
    return await loadTorch(bytes);
  } catch (error) {
    return error;
  }
}

const refused = async (bytes: Uint8Array): Promise<string> => {
  const error = await outcome(bytes);
  expect(error).toBeInstanceOf(ValueError);
  return (error as Error).message;
};

// Pieces of pickles.
const le32 = (x: number): string => String.fromCharCode(x & 255, (x >>> 8) & 255, (x >>> 16) & 255, x >>> 24);
const text = (s: string): string => `X${le32(s.length)}${s}`;
const global = (module: string, name: string): string => `c${module}\n${name}\n`;
const int = (x: number): string => `J${le32(x)}`;
const pickle = (...pieces: string[]): string => `\x80\x02${pieces.join('')}.`;
const call = (callee: string, ...args: string[]): string => `${callee}(${args.join('')}tR`;
const hooks = call(global('collections', 'OrderedDict'));
const sizes = (...n: number[]): string => `(${n.map(int).join('')}t`;
const storage = (count: number, key = '0', type = 'FloatStorage'): string =>
  `(${text('storage')}${global('torch', type)}${text(key)}${text('cpu')}${int(count)}tQ`;
const rebuild = global('torch._utils', '_rebuild_tensor_v2');
const tensor = (of: string, offset: string, size: string, stride: string, ...more: string[]): string =>
  call(rebuild, of, offset, size, stride, ...(more.length > 0 ? more : ['\x89', hooks]));

const four = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
const tensorFile = (...args: Parameters<typeof tensor>): Uint8Array =>
  fileOf(pickle(tensor(...args)), [four]);

describe('what a pickle may not do', () => {
  it('as the tests write it, the right one is read', async () => {
    const x = (await loadTorch(tensorFile(storage(4), int(1), sizes(3), sizes(1)))) as Tensor;
    expect(x.tolist()).toEqual([2, 3, 4]);
  });

  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['subprocess', 'Popen'],
    ['builtins', 'eval'],
    ['builtins', 'exec'],
    ['builtins', 'getattr'],
    ['builtins', '__import__'],
    ['__builtin__', 'eval'],
    ['torch', 'load'],
    ['torch.serialization', 'load'],
    ['torch.storage', '_load_from_bytes'],
    ['torch._utils', '_import_dotted_name'],
    ['torch.hub', 'load'],
    ['copyreg', '_reconstructor'],
    ['runpy', 'run_path'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['collections', 'OrderedDict.__class__'],
    ['torch', '_utils._rebuild_tensor_v2.__globals__'],
    ['os\nsystem\n.', ''],
  ])('looks up %s.%s', async (module, name) => {
    const attack = pickle(call(global(module, name), text('touch /tmp/kindling-owned')));
    expect(await refused(fileOf(attack))).toMatch(
      /which is refused|is unknown, or refused|more or less than one/,
    );
    const stacked = pickle(text(module), text(name), '\x93', `(${text('x')}tR`);
    expect(await refused(fileOf(stacked))).toMatch(/refused/);
    expect(existsSync('/tmp/kindling-owned')).toBe(false);
  });

  const dict = global('collections', 'OrderedDict');
  const set = global('builtins', 'set');
  it.each([
    ['a call of a type that is no function', call(global('torch', 'FloatStorage'), int(3))],
    ['a call of a factory', call(global('builtins', 'list'), int(3))],
    ['a call of a text', `${text('x')})R`],
    ['a call of a tensor class', call(global('torch', 'Tensor'), int(3))],
    ['a call without a tuple', `${dict}${text('x')}R`],
    ['an OrderedDict of a text', call(dict, text('ab'))],
    ['an OrderedDict of triples', call(dict, `](${sizes(1, 2, 3)}e`)],
    ['a set of lists', call(set, '](](K\x01ee')],
    ['a set of a number', call(set, int(3))],
    ['a key that is a list', `}(]K\x01u`],
    ['a key that is a tuple with a dict', `}((}tK\x01u`],
    ['a device with a list', call(global('torch', 'device'), ']')],
    ['a size below zero', call(global('torch', 'Size'), sizes(-1))],
    ['bytes of a number', call(global('builtins', 'bytes'), int(1e9))],
    ['a bytearray of a number', call(global('builtins', 'bytearray'), int(1e9))],
    ['another encoding', call(global('_codecs', 'encode'), text('x'), text('idna'))],
    [
      'a class of its own for a tensor',
      call(global('torch._tensor', '_rebuild_from_type_v2'), rebuild, set, ')', '}'),
    ],
    [
      'a tensor of a set',
      call(global('torch._tensor', '_rebuild_from_type_v2'), set, global('torch', 'Tensor'), ')', '}'),
    ],
    [
      'itself to rebuild',
      call(
        global('torch._tensor', '_rebuild_from_type_v2'),
        global('torch._tensor', '_rebuild_from_type_v2'),
        global('torch', 'Tensor'),
        ')',
        '}',
      ),
    ],
    ['a state of a list', `](${text('__class__')}${text('x')}tb`],
    ['a state of a tensor', `${tensor(storage(4), int(0), sizes(4), sizes(1))}}b`],
    ['a state with a setter', `${dict})R(${text('__setstate__')}${global('builtins', 'set')}tb`],
    ['an append to a dict', '}K\x01a'],
    ['items of a list', `](${text('a')}K\x01u`],
    ['a persistent id that is a text', `${text('storage')}Q`],
    ['a persistent id that is a number', 'K\x01Q'],
    ['a persistent id of another kind', `(${text('file')}${text('/etc/passwd')}tQ`],
    ['a persistent id with a module', `(${text('module')}${set}${text('x')}${text('y')}tQ`],
    ['a persistent id that is too short', `(${text('storage')}tQ`],
    ['a storage of a text', `(${text('storage')}${text('FloatStorage')}${text('0')}${text('cpu')}K\x04tQ`],
    ['a storage of a size below zero', storage(-4)],
    ['a memo place that is empty', 'h\x07'],
    ['a memo place far away', `j${le32(0xffffffff)}`],
    ['a mark that is missing', 'K\x01t'],
    ['a value that is missing', 'R'],
    ['more than one value', 'K\x01K\x02'],
    ['a mark left over', 'K\x01('],
    ['a number of endless length', `\x8b${le32(0x7fffffff)}`],
    ['a text of endless length', `X${le32(0xffffffff)}`],
    ['a text of 2^64 bytes', `\x8d${'\xff'.repeat(8)}`],
    ['a text that is no UTF-8', `X${le32(2)}\xff\xfe`],
    ['memory out of band', '\x97'],
    ['a class by number', '\x82\x01'],
    ['an object of protocol 0', `(i${'os\nsystem\n'}`],
    ['a protocol to come', '\x80\x09'],
    ['a value in place of itself', ']q\0h\0a'],
    ['a dict in itself', `}q\0${text('a')}h\0s`],
    ['a tuple in itself', `(]q\0h\0tq\x01\x30h\0h\x01ah\x01`],
    ['a storage alone', storage(4)],
    ['a function alone', rebuild],
  ])('holds %s', async (_, attack) => {
    await refused(fileOf(pickle(attack), [four]));
  });

  it.each([
    ['reaches beyond', tensor(storage(4), int(0), sizes(5), sizes(1))],
    ['reaches beyond by its offset', tensor(storage(4), int(2), sizes(3), sizes(1))],
    ['reaches beyond by its strides', tensor(storage(4), int(0), sizes(2, 2), sizes(4, 1))],
    [
      'reaches far beyond',
      tensor(storage(4), int(0), sizes(2 ** 31 - 1, 2 ** 31 - 1), sizes(2 ** 31 - 1, 2 ** 31 - 1)),
    ],
    ['has a size below zero', tensor(storage(4), int(0), sizes(-1), sizes(1))],
    ['has a stride below zero', tensor(storage(4), int(3), sizes(2), sizes(-1))],
    ['has an offset below zero', tensor(storage(4), int(-1), sizes(2), sizes(1))],
    ['has more strides than sizes', tensor(storage(4), int(0), sizes(2), sizes(1, 1))],
    [
      'has more dims than there are',
      tensor(storage(4), int(0), sizes(...Array<number>(65).fill(1)), sizes(...Array<number>(65).fill(1))),
    ],
    ['has more elements than there can be', tensor(storage(4), int(0), sizes(2 ** 30, 2 ** 30), sizes(0, 0))],
    ['has a text for a size', tensor(storage(4), int(0), text('x'), sizes(1))],
    ['says maybe of its gradient', tensor(storage(4), int(0), sizes(1), sizes(1), 'N', hooks)],
    ['has no storage', tensor(int(0), int(0), sizes(1), sizes(1))],
    ['has a storage of another size', tensor(storage(3), int(0), sizes(1), sizes(1))],
    ['has a storage that is not there', tensor(storage(4, '9'), int(0), sizes(1), sizes(1))],
    ['has a storage elsewhere', tensor(storage(4, '../../../../etc/passwd'), int(0), sizes(1), sizes(1))],
    ['has a storage that is the pickle', tensor(storage(4, '../data.pkl'), int(0), sizes(1), sizes(1))],
    [
      'is of integers and wants a gradient',
      tensor(storage(2, '0', 'LongStorage'), int(0), sizes(1), sizes(1), '\x88', hooks),
    ],
    [
      'shares its memory with another dtype',
      `(${tensor(storage(4), int(0), sizes(1), sizes(1))}${tensor(storage(4, '0', 'IntStorage'), int(0), sizes(1), sizes(1))}t`,
    ],
  ])('makes a tensor that %s', async (_, attack) => {
    await refused(fileOf(pickle(attack), [four]));
  });

  it('shows nothing of what names mean in JavaScript', async () => {
    const value = await loadTorch(
      fileOf(
        pickle(
          `}(${text('__proto__')}}${text('polluted')}\x88s${text('constructor')}K\x01${text('toString')}Nu`,
        ),
      ),
    );
    expect(Object.keys(value as object).sort()).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe('what costs much', () => {
  const memory = (): number => process.memoryUsage().rss;

  it.each([
    ['lists 100,000 deep', `${']'.repeat(100_000)}${'a'.repeat(99_999)}`],
    ['tuples 100,000 deep', `)${'\x85'.repeat(100_000)}`],
    ['dicts 100,000 deep', `${`}${text('a')}`.repeat(100_000)}N${'s'.repeat(100_000)}`],
    ['marks 100,000 deep', '('.repeat(100_000)],
    ['keys that are tuples 100,000 deep', `}(${'\x85'.repeat(100_000)}N`],
    [
      'a text copied over and over',
      `${text('x'.repeat(100_000))}q\0\x30${global('_codecs', 'encode')}q\x01\x30]${`h\x01(h\0${text('latin1')}tRa`.repeat(10_000)}`,
    ],
    [
      'a list copied over and over',
      `](${'N'.repeat(100_000)}eq\0\x30${global('builtins', 'set')}q\x01\x30]${'h\x01(h\0tRa'.repeat(10_000)}`,
    ],
    [
      'a dict copied over and over',
      `}(${Array.from({ length: 20_000 }, (_, i) => `${int(i)}N`).join('')}uq\0\x30${global('collections', 'Counter')}q\x01\x30]${'h\x01(h\0tRa'.repeat(10_000)}`,
    ],
    ['more lists than there may be', `(${']'.repeat(1_050_000)}t`],
    ['more places of the memo than there may be', `N${'\x94'.repeat(1_050_000)}`],
  ])('ends in an error soon and takes little memory: %s', async (_, attack) => {
    const before = memory();
    await refused(fileOf(pickle(attack)));
    expect(memory() - before).toBeLessThan(1e9);
  });

  it('a list that stands a million times a million times in itself is as small as its file', async () => {
    let lists = ']q\0';
    for (let i = 0; i < 60; i++)
      lists += `0](${`h${String.fromCharCode(i)}`.repeat(10)}eq${String.fromCharCode(i + 1)}`;
    let value = await loadTorch<unknown[]>(fileOf(pickle(lists)));
    for (let i = 0; i < 60; i++) value = value[0] as unknown[];
    expect(value).toEqual([]);
  });

  it('a tensor of a billion elements over one takes the memory of one', async () => {
    const x = (await loadTorch(tensorFile(storage(4), int(0), sizes(2 ** 30), sizes(0)))) as Tensor;
    expect([x.shape, x.strides]).toEqual([[2 ** 30], [0]]);
  });
});

describe('what an archive may not be', () => {
  const good = partsOf(
    new Uint8Array(Buffer.from(pickle(tensor(storage(4), int(0), sizes(4), sizes(1))), 'latin1')),
    [four],
  );
  const withPart = (name: string, change: Partial<Part>): Uint8Array =>
    zip(good.map((part) => (part.name === name ? { ...part, ...change } : part)));
  const data = 'archive/data/0';

  it('as the tests write it, the right one is read', async () => {
    expect(((await loadTorch(zip(good))) as Tensor).tolist()).toEqual([1, 2, 3, 4]);
  });

  it.each([
    '../archive/x',
    'archive/../../etc/passwd',
    '/archive/x',
    'C:\\archive\\x',
    'archive\\..\\x',
    'archive//x',
    'archive/./x',
    'archive/x\0y',
    'other/x',
    'x',
    'archive',
    'archive/folder/',
  ])('has an entry of the name %j', async (name) => {
    await refused(zip([...good, { name, bytes: four }]));
    await refused(zip([{ name, bytes: four }, ...good]));
  });

  it.each<[string, () => Uint8Array]>([
    ['empty', () => zip([])],
    ['without a pickle', () => zip(good.slice(1))],
    ['with an entry twice', () => zip([...good, ...good.slice(2, 3)])],
    ['with a wrong checksum', () => withPart(data, { crc: 1 })],
    ['that says more bytes than it has', () => withPart(data, { size: 2 ** 31, stored: 2 ** 31 })],
    ['that says an entry would grow a thousand times', () => withPart(data, { size: 16_000, method: 8 })],
    ['that says an entry is 4 GB', () => withPart(data, { size: 0xfffffff0 })],
    ['compressed', () => withPart(data, { method: 8 })],
    ['compressed by a method that is unknown', () => withPart(data, { method: 99 })],
    ['encrypted', () => withPart(data, { flags: 1 })],
    ['of which two entries overlap', () => withPart(data, { offset: 0 })],
    ['of which an entry lies outside', () => withPart(data, { offset: 2 ** 31 })],
    ['that names an entry otherwise where it lies', () => withPart(data, { localName: 'archive/data/1' })],
    ['with extra fields of 60 KB', () => withPart(data, { extra: new Uint8Array(60_000) })],
    ['cut short', () => zip(good).slice(0, -30)],
    ['with bytes before it', () => Uint8Array.from([0x50, 0x4b, 3, 4, ...zip(good)])],
    ['with fewer entries than its end says', () => zip(good, good.length + 1)],
    [
      'of 10,050 entries',
      () =>
        zip([
          ...good,
          ...Array.from({ length: 10_050 }, (_, i) => ({ name: `archive/${i}`, bytes: new Uint8Array(0) })),
        ]),
    ],
    [
      'of another byte order',
      () => withPart('archive/byteorder', { bytes: new Uint8Array(Buffer.from('middle')) }),
    ],
  ])('is %s', async (_, bytes) => {
    await refused(bytes());
  });
});

describe('mutations', () => {
  const files = ['few.protocol2.pt', 'few.protocol4.pt', 'few.legacy.pt', 'parameters.pt', 'module.pt'];
  // All of them by KINDLING_MUTATIONS=20000.
  const count = Number(process.env.KINDLING_MUTATIONS ?? 600);

  it(`${count} of them end in an error or a value each, and nothing is written`, {
    timeout: 600_000,
  }, async () => {
    const originals = files.map(bytesOf);
    const places = [process.cwd(), tmpdir()];
    const before = places.map((place) =>
      readdirSync(place).filter((name) => name.startsWith('kindling-owned')),
    );
    let errors = 0;
    for (let seed = 1; seed <= count; seed++) {
      const draw = draws(seed);
      const bytes = mutated(originals[seed % originals.length] as Uint8Array, draw);
      const result = await outcome(bytes);
      if (result instanceof Error) {
        errors++;
        if (!(result instanceof ValueError)) throw new Error(`seed ${seed}: ${result.stack}`);
      }
    }
    expect(errors).toBeGreaterThan(count / 2);
    expect(
      places.map((place) => readdirSync(place).filter((name) => name.startsWith('kindling-owned'))),
    ).toEqual(before);
  });
});
