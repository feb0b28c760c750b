import { describe, expect, it, vi } from 'vitest';
import { bytesOf, type DType } from '../src/dtype.ts';
import * as K from '../src/index.ts';
import { allocateArray, type Lodging, Storage, timesMovedOut } from '../src/storage.ts';

const dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'uint8', 'bool'];
const huge = 100_000;

function errorOf(run: () => unknown): K.KindlingError {
  try {
    run();
  } catch (error) {
    if (error instanceof K.KindlingError) return error;
    throw error;
  }
  throw new Error('there was no error');
}

describe('structured clones', () => {
  const x = K.tensor([1, 2]);
  it.each<[string, unknown]>([
    ['a tensor', x],
    ['a view among other things', { batch: [3, x.select(0, 1)] }],
    ['a result', x.to('float32').requiresGrad_().mul(2)],
    ['a dataset', new K.data.TensorDataset(x)],
  ])('of %s are an error that says what to do', (_, value) => {
    expect(() => structuredClone(value)).toThrow(
      'a tensor; copy it by x.clone(), or send x.data and x.shape',
    );
  });
});

it('structured clones of a generator are an error that says what to do', () => {
  expect(() => structuredClone(new K.Generator())).toThrow(
    'a generator; send getState(), for setState(state)',
  );
});

describe('memory that was given back', () => {
  const given = (count: number, n: number): ArrayBufferLike[] => {
    const storages = Array.from({ length: count }, () => new Storage(allocateArray('float32', n)));
    const buffers = storages.map(({ array }) => array.buffer);
    for (const storage of storages) storage.recycle();
    return buffers;
  };
  const reused = (count: number, n: number, buffers: readonly ArrayBufferLike[]): number =>
    Array.from({ length: count }, () => allocateArray('float32', n)).filter(({ buffer }) =>
      buffers.includes(buffer),
    ).length;

  it('is that of the next tensors of its size, the last one first', () => {
    const buffers = given(3, 10_000);
    expect(allocateArray('float32', 9_999).buffer).not.toBe(buffers[2]);
    expect(allocateArray('float32', 10_000).buffer).toBe(buffers[2]);
    expect(reused(3, 10_000, buffers)).toBe(2);
  });

  it.each(['float32', 'float64'] as const)('is a slice of a slab, too, of as many %s numbers', (dtype) => {
    const storage = new Storage(allocateArray(dtype, 99));
    const { buffer, byteOffset } = storage.array;
    storage.recycle();
    const lies = (n: number): boolean => {
      const array = allocateArray(dtype, n);
      return array.buffer === buffer && array.byteOffset === byteOffset;
    };
    // As many slices of 16 bytes, and fewer numbers.
    expect(lies(98)).toBe(false);
    expect(lies(99)).toBe(true);
    expect(lies(99)).toBe(false);
  });

  it('is kept up to 16 pieces and 32 MiB', () => {
    expect(reused(20, 10_001, given(20, 10_001))).toBe(16);
    expect(reused(10, 2 ** 20, given(10, 2 ** 20))).toBe(8);
    expect(reused(1, 2 ** 23 + 1, given(1, 2 ** 23 + 1))).toBe(0);
  });

  it.each<[string, (bytes: number) => ArrayBufferLike]>([
    ['a part of a buffer', (bytes) => new ArrayBuffer(2 * bytes)],
    ['shared between threads', (bytes) => new SharedArrayBuffer(bytes)],
  ])('is not kept where it is %s, of which others may have the rest', (_, make) => {
    const n = 10_003;
    const array = new Float32Array(make(4 * n), 0, n).fill(3);
    const storage = new Storage(array);
    storage.recycle();
    expect(allocateArray('float32', n).buffer).not.toBe(array.buffer);
    expect(storage.array).toBe(array);
  });

  it.each([10, 100, 10_004])('is not kept of what somebody outside has: %d numbers', (n) => {
    const storage = new Storage(allocateArray('float32', n).fill(3));
    storage.handOut();
    const { array } = storage;
    storage.recycle();
    expect(storage.array).toBe(array);
    allocateArray('float32', n).fill(0);
    expect(array.every((x) => x === 3)).toBe(true);
  });

  it('is what it was where zeros are asked for', () => {
    const buffers = given(1, 20_000);
    const x = K.zeros([20_000]);
    expect(x.sum().item()).toBe(0);
    expect(buffers).not.toContain(x.storage.array.buffer);
  });
});

describe('the memory of small tensors', () => {
  it('is shared by few: a kept one holds back at most four times its slice, or 1 KiB', () => {
    for (const dtype of dtypes) {
      for (const n of [17, 33, 65, 100, 200, 257, 500, 1000, 1024, 3000, 8192]) {
        // Sizes that take as many units of 16 bytes share slabs.
        const slice = Math.ceil((n * bytesOf(dtype)) / 16) * 16;
        const kept = K.zeros([n], { dtype });
        expect(kept.storage.array.buffer.byteLength).toBeLessThanOrEqual(Math.max(1024, 4 * slice));
      }
    }
  });

  it('overlaps with no other, and is aligned', () => {
    const made = dtypes.flatMap((dtype) =>
      Array.from({ length: 40 }, (_, i) => K.full([17 + 5 * i], i % 2, { dtype })),
    );
    for (const x of made) {
      expect(x.storage.array.byteOffset % bytesOf(x.dtype)).toBe(0);
      x.fill_(1);
    }
    expect(made.every((x) => x.sum().item() === x.count)).toBe(true);
  });
});

describe('what x.data hands out', () => {
  const transfer = (x: K.Tensor): unknown =>
    structuredClone(x.data.buffer, { transfer: [x.data.buffer as ArrayBuffer] });

  it('is the memory itself, to read and to write', () => {
    const x = K.zeros([100]);
    const row = x.view(10, 10).select(0, 3);
    x.data[35] = 5;
    x.add_(1);
    expect(x.data[35]).toBe(6);
    expect(row.data[5]).toBe(6);
    row.data[5] = 8;
    expect(x.data[35]).toBe(8);
    expect(x.data).toBe(x.data);
  });

  it.each([10, 100, 1000, 5000])('shares its buffer with no other tensor, of %d elements', (n) => {
    const others = Array.from({ length: 6 }, () => K.full([n], 7));
    const mine = K.full([n], 3);
    const across = K.full([n, 2], 3).t();
    transfer(mine);
    transfer(across);
    for (const x of [...others, K.full([n], 7)]) expect(x.sum().item()).toBe(7 * n);
    expect(across.sum().item()).toBe(6 * n);
  });

  it.each([5, 16, 3000, 200_000])('is no copy of memory that is its own, of %d elements', (n) => {
    const x = K.zeros([n]);
    const { array } = x.storage;
    expect(x.data).toBe(array);
  });

  it('is what the user brought, be it a part of a buffer', () => {
    const buffer = new ArrayBuffer(2000);
    const x = K.fromBuffer(new Float32Array(buffer, 80, 100));
    x.data[1] = 3;
    expect(x.data.buffer).toBe(buffer);
    expect(new Float32Array(buffer)[21]).toBe(3);
  });

  it('may be taken away: the tensor says so when it is used, as do its views', () => {
    const x = K.ones([10, 10]);
    const view = x.select(0, 1);
    transfer(x);
    for (const use of [() => x.sum(), () => view.add(1), () => x.data, () => String(x), () => x.zero_()]) {
      expect(errorOf(use)).toBeInstanceOf(K.ValueError);
      expect(errorOf(use).message).toContain('transferred');
    }
    for (const name of ['exp', 'mul_', 'sum', 'max', 'toArray', 'toJSON', 'matmul'] as const) {
      const use = x[name].bind(x) as (other: unknown) => unknown;
      expect(
        errorOf(() => use(name === 'matmul' || name === 'mul_' ? K.ones([10, 10]) : undefined)).message,
      ).toMatch(new RegExp(`^${name}: the memory of this tensor was transferred`));
    }
    const loaded = K.fromBuffer(new Float32Array(4));
    transfer(loaded);
    expect(() => loaded.sum()).toThrow('transferred');
  });
});

describe('memory of programs', () => {
  /** Room for four floats in memory that grows: all that lies in it then lies in a new buffer. */
  class Room implements Lodging {
    shown = false;
    memory = new Float32Array(4);
    array(): Float32Array {
      return this.memory;
    }
    grow(): void {
      this.memory = new Float32Array(structuredClone(this.memory.buffer, { transfer: [this.memory.buffer] }));
    }
  }
  const values = [1, 2, 3, 4];
  const moved = (): { room: Room; storage: Storage } => {
    const room = new Room();
    const storage = new Storage(Float32Array.from(values));
    storage.moveInto(room);
    return { room, storage };
  };

  it('has the elements of a storage that moves in, also once it has grown', () => {
    const { room, storage } = moved();
    expect([...room.memory]).toEqual(values);
    room.grow();
    room.memory[1] = 7;
    expect([...storage.array]).toEqual([1, 7, 3, 4]);
    expect([storage.lodging, storage.isGone, storage.mayMove]).toEqual([room, false, false]);
  });

  it('is left with the elements that are there, out of that memory alone, and that is counted', () => {
    const { room, storage } = moved();
    const before = timesMovedOut;
    room.memory[0] = 9;
    storage.moveOut(new Room());
    expect([storage.lodging, timesMovedOut]).toEqual([room, before]);
    storage.moveOut(room);
    expect([storage.lodging, storage.mayMove, timesMovedOut]).toEqual([null, true, before + 1]);
    room.memory.fill(0);
    expect([...storage.array]).toEqual([9, 2, 3, 4]);
    storage.moveOut();
    expect(timesMovedOut).toBe(before + 1);
  });

  it('of another program counts as left when a storage moves on', () => {
    const { room, storage } = moved();
    const before = timesMovedOut;
    const next = new Room();
    storage.moveInto(next);
    room.memory.fill(0);
    expect([storage.lodging, timesMovedOut, [...storage.array]]).toEqual([next, before + 1, values]);
  });

  it('is moved into by what comes there twice in a row, unless somebody has its array', () => {
    const [room, other] = [new Room(), new Room()];
    const storage = new Storage(Float32Array.from(values));
    expect([room, other, room, room].map((lodging) => storage.moveIntoAgain(lodging))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(storage.lodging).toBe(room);
    const brought = new Storage(Float32Array.from(values), true);
    expect([room, room, room].map((lodging) => brought.moveIntoAgain(lodging))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('learns that a gradient in it is shown; what is handed out of it lies there no more', () => {
    const { room, storage } = moved();
    new Storage(new Float32Array(4)).show();
    expect(room.shown).toBe(false);
    storage.show();
    expect(room.shown).toBe(true);
    storage.handOut();
    expect(storage.array.buffer).not.toBe(room.memory.buffer);
    expect([[...storage.array], storage.lodging, storage.mayMove]).toEqual([values, null, false]);
  });

  it('may go on without a storage, which then says why it has none', () => {
    const { room, storage } = moved();
    storage.leaveBehind('left with the program');
    expect(() => storage.array).toThrow(K.CompileError);
    expect(() => storage.array).toThrow('left with the program');
    expect([storage.isGone, storage.lodging, [...room.memory]]).toEqual([true, null, values]);
  });
});

describe('memory that there is not', () => {
  const n = 2 ** 28;
  const square = [2 ** 14, 2 ** 14];
  const making: readonly [string, () => unknown][] = [
    ['zeros', () => K.zeros(square)],
    ['empty', () => K.empty(square, { dtype: 'int32' })],
    ['full', () => K.full(square, 0.5)],
    ['add', () => K.ones([1]).expand(square).add(1)],
    ['eye', () => K.eye(2 ** 14)],
    ['arange', () => K.arange(n)],
    ['linspace', () => K.linspace(0, 1, n)],
    ['logspace', () => K.logspace(0, 1, n, { dtype: 'int32' })],
  ];
  /** What a call does where no memory can be had, for which the runtime has this error. */
  const without = (error: Error, run: () => unknown): unknown => {
    class Full extends ArrayBuffer {
      constructor(bytes: number) {
        super(0);
        if (bytes > 0) throw error;
      }
    }
    vi.stubGlobal('ArrayBuffer', Full);
    try {
      return run();
    } finally {
      vi.unstubAllGlobals();
    }
  };

  it.each(making)('%s: an error that names it, the shape and the bytes', (name, make) => {
    const error = errorOf(() => without(new RangeError('Array buffer allocation failed'), make));
    expect(error).toBeInstanceOf(K.ShapeError);
    expect(error.message).toMatch(
      new RegExp(
        `^${name}: the result of shape \\[(16384, 16384|268435456)\\] needs 268435456 elements of .*, 1073741824 bytes: there is not`,
      ),
    );
  });

  it('is not said where something else went wrong', () => {
    const error = new Error('something else');
    expect(() => without(error, () => K.zeros(square))).toThrow(error);
  });
});

describe('results beyond the limit', () => {
  const a = K.ones([huge, 1]);
  const b = K.ones([1, huge]);
  const wide = K.ones([1]).expand([2 ** 31 - 1]);
  /** Each with what its error must name. */
  const results: Record<string, [() => unknown, ...string[]]> = {
    matmul: [() => K.matmul(a, b), 'matmul', '[100000, 100000]', '40000000000 bytes'],
    mul: [() => K.mul(a, b), 'mul', '[100000, 100000]', '40000000000 bytes'],
    float64: [() => K.mul(a, b.double()), 'mul', '80000000000 bytes'],
    lt: [() => K.lt(a, b), 'lt', '10000000000 bytes'],
    cdist: [() => K.cdist(a, b.t()), 'cdist', '[100000, 100000]'],
    cat: [() => K.cat([wide, wide]), 'cat', '[4294967294]'],
    contiguous: [() => a.expand([huge, huge]), 'expand', '[100000, 100000]'],
    repeat: [() => K.ones([3]).repeat([huge, huge]), '300000'],
    outer: [() => K.outer(a.flatten(), b.flatten()), '[100000, 100000]'],
    einsum: [() => K.einsum('i,j->ij', a.flatten(), b.flatten()), '100000'],
    pad: [() => K.ones([1]).pad([0, 2 ** 31]), 'pad', '2147483649'],
    oneHot: [() => K.oneHot(K.tensor([0, 1]), 2 ** 30), '[2, 1073741824]'],
    zeros: [() => K.zeros([2 ** 31]), 'zeros', '[2147483648]'],
    full: [() => K.full([huge, huge], 1), 'full', '[100000, 100000]'],
    randn: [() => K.randn([huge, huge]), 'randn', '[100000, 100000]'],
    rand: [() => K.rand([2 ** 31]), 'rand', '[2147483648]'],
    arange: [() => K.arange(2 ** 31), 'arange', '[2147483648]'],
    linspace: [() => K.linspace(0, 1, 1e11), 'linspace', '[100000000000]'],
    logspace: [() => K.logspace(0, 1, 1e11), 'logspace', '[100000000000]'],
    eye: [() => K.eye(huge), 'eye', '[100000, 100000]'],
    asStrided: [() => K.asStrided(a, [huge, huge], [0, 0]), 'asStrided', '[100000, 100000]'],
    broadcastTo: [() => K.broadcastTo(a, [huge, huge]), '[100000, 100000]'],
  };
  const names = Object.keys(results);

  it.each(names)('%s: an error that names it, the shape and, where it is made, the bytes', (name) => {
    const [run, ...parts] = results[name]!;
    const { message } = errorOf(run);
    for (const part of parts) expect(message).toContain(part);
  });

  it('are refused by views too, so that nothing counts past int32', () => {
    const one = K.tensor(1, { dtype: 'float64' });
    expect(() => one.expand([2 ** 31 + 16])).toThrow(K.ShapeError);
    expect(() => one.expand([2 ** 20, 2 ** 20])).toThrow('a tensor holds at most 2147483647');
    expect(one.expand([2 ** 31 - 1]).count).toBe(2 ** 31 - 1);
  });
});
