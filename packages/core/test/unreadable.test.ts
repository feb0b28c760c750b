/** What cannot be looked at, a Proxy that was revoked, and what holds nothing any more, memory that was transferred. */
import { describe, expect, it } from 'vitest';
import * as K from '../src/index.ts';
import { data, KindlingError, ones, type Tensor, tensor } from '../src/index.ts';
import { message } from './support/message.ts';

const x = tensor([[1.5, 2.5, 3]]);

describe('an object that cannot be read', () => {
  it.each<[string, (odd: unknown) => unknown]>([
    ['abs', (odd) => K.abs(odd as Tensor)],
    ['abs', (odd) => (K.abs as (...given: unknown[]) => unknown)(x, 0, odd)],
    ['abs_', (odd) => K.abs_(odd as Tensor)],
    ['add', (odd) => K.add(odd as Tensor, x)],
    ['add', (odd) => K.add(x, odd as Tensor)],
    ['add', (odd) => K.add(x, 1, odd as object)],
    ['mul_', (odd) => x.mul_(odd as Tensor)],
    ['clamp', (odd) => x.clamp(odd as object)],
    ['where', (odd) => K.where(odd as Tensor, x, x)],
    ['positive', (odd) => K.positive(odd as Tensor)],
    ['bitwiseNot', (odd) => K.bitwiseNot(odd as Tensor)],
    ['round', (odd) => K.round(odd as Tensor)],
    ['special.gammainc', (odd) => K.special.gammainc(odd as Tensor, x)],
    ['sum', (odd) => x.sum(odd as number)],
    ['index', (odd) => x.index(odd as number)],
    ['einsum', (odd) => K.einsum('i->', odd as Tensor)],
    ['atleast1d', (odd) => K.atleast1d(odd as Tensor)],
    ['tensor', (odd) => K.tensor(odd as number)],
    ['fromBuffer', (odd) => K.fromBuffer(odd as ArrayBuffer)],
    ['getTotalNorm', (odd) => K.getTotalNorm([odd as Tensor])],
    ['index', (odd) => x.index([odd as number])],
    ['DataLoader', (odd) => new data.DataLoader(odd as never)],
    ['DataLoader', (odd) => new data.DataLoader(new data.TensorDataset(x), { sampler: odd as never })],
    ['StackDataset', (odd) => new data.StackDataset(odd as never)],
    ['ConcatDataset', (odd) => new data.ConcatDataset([odd as never])],
    ['ChainDataset', (odd) => new data.ChainDataset([odd as never])],
    ['Subset', (odd) => new data.Subset(odd as never, [0])],
    ['defaultCollate', (odd) => data.defaultCollate(odd as never)],
    ['fromJSON', (odd) => K.fromJSON(odd as never)],
    ['saveSafetensors', (odd) => K.io.saveSafetensors(odd as never)],
    ['saveSafetensors', (odd) => K.io.saveSafetensors({ x }, { metadata: odd as never })],
    ['loadSafetensors', (odd) => K.io.loadSafetensors(odd as never)],
    ['loadNpy', (odd) => K.io.loadNpy(odd as never)],
  ])('is refused by %s, though it was a Proxy that was revoked', (name, f) => {
    for (const target of [{}, [1], ones(2), () => {}]) {
      const { proxy, revoke } = Proxy.revocable(target, {});
      revoke();
      expect(message(() => f(proxy))).toMatch(new RegExp(`^${name}(\\(\\))?: `));
      expect(() => f(proxy)).toThrow(KindlingError);
    }
  });
});

describe('samples that cannot be read', () => {
  it('stay as they are, as all do that are no numbers, arrays or objects', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect((data.defaultCollate([proxy, proxy]) as unknown[])[1] === proxy).toBe(true);
    expect(data.defaultConvert(proxy) === proxy).toBe(true);
    expect(K.io.isTensorJSON(proxy)).toBe(false);
  });
});

describe('a typed array whose memory was transferred', () => {
  it('is refused by what would find nothing in it', () => {
    const gone = <A extends Int32Array | Float64Array>(array: A): A => {
      structuredClone(array.buffer, { transfer: [array.buffer] });
      return array;
    };
    const dataset = new data.TensorDataset(x);
    const late = Int32Array.of(0, 1);
    const sampler = new data.SubsetRandomSampler(late);
    gone(late);
    for (const [name, f] of Object.entries({
      Subset: () => new data.Subset(dataset, gone(Int32Array.of(0))),
      'TensorDataset.getBatch': () => dataset.getBatch(gone(Int32Array.of(0))),
      WeightedRandomSampler: () => new data.WeightedRandomSampler(gone(Float64Array.of(1, 2)), 2),
      SubsetRandomSampler: () => [...sampler],
      index: () => x.index(gone(Int32Array.of(0))),
    })) {
      expect(message(f)).toMatch(new RegExp(`^${name}: the memory of what was given was transferred`));
    }
    expect(message(() => K.getTotalNorm(gone(Float64Array.of(1)) as never))).toMatch(
      /^getTotalNorm: tensors: expected a Tensor or an iterable of Tensors/,
    );
  });

  it('is refused likewise where its buffer was cut off before it, and so is a view of bytes where numbers belong', () => {
    const Resizable = ArrayBuffer as unknown as new (bytes: number, more: object) => ArrayBuffer;
    const buffer = new Resizable(16, { maxByteLength: 32 });
    const beyond = new Float32Array(buffer, 8, 2);
    (buffer as unknown as { resize(bytes: number): void }).resize(4);
    const dataset = new data.TensorDataset(x);
    for (const f of [
      () => tensor(beyond),
      () => K.fromBuffer(beyond),
      () => dataset.getBatch(beyond as never),
    ])
      expect(f).toThrow(/: the memory of what was given was transferred .* or cut off/);
    expect(() => dataset.getBatch(new DataView(new ArrayBuffer(4)) as never)).toThrow(
      /^TensorDataset\.getBatch: expected a list of indices, got an instance of DataView/,
    );
  });
});
