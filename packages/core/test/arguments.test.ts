import { describe, expect, it } from 'vitest';
import {
  arange,
  assign,
  autograd,
  cat,
  composition,
  cross,
  K,
  kthvalue,
  linalg,
  matmul,
  ones,
  onHost,
  signature,
  stack,
  sum,
  Tensor,
  tensor,
  toDot,
  topk,
  zeros,
} from '../src/index.ts';
import { message } from './support/message.ts';

const x = tensor([[1.5, 2.5, 3]]);
const call = (f: unknown, ...args: unknown[]): string =>
  message(() => (f as (...args: unknown[]) => unknown)(...args));

describe('an argument that is not what its parameter takes', () => {
  it('is named with its function, what came and what fits', () => {
    expect(call(topk, x)).toBe('topk: k: expected an integer, got undefined');
    expect(call(topk, 'a', 2)).toBe('topk: x: expected a Tensor, got "a"');
    expect(call(topk, x, 1.5)).toBe('topk: k: expected an integer, got 1.5');
    expect(call(topk, x, Number.NaN)).toBe('topk: k: expected an integer, got NaN');
    expect(call(topk, x, 2n)).toBe('topk: k: expected an integer, got 2n');
    expect(call(topk, x, Symbol('s'))).toBe('topk: k: expected an integer, got Symbol(s)');
  });

  it('is an array where a tensor belongs: the error says how to make one of it', () => {
    expect(call(topk, [1, 2], 1)).toBe(
      'topk: x: expected a Tensor, got [1, 2]; make a tensor of it with tensor()',
    );
  });

  it('may be cyclic, nested deeply, long, or without a prototype', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    let deep: unknown[] = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    for (const value of [cyclic, deep, Object.create(null), 'a'.repeat(1e6), new Array(1e6).fill(0)])
      expect(call(topk, value, 1).length).toBeLessThan(200);
  });

  it('may be as long as an array can be, also within another', () => {
    const longest = new Array(2 ** 32 - 1);
    for (const f of [() => stack([longest as never]), () => ones([2]).permute(longest), () => ones(longest)])
      expect(f).toThrow(/^(stack|permute|ones): .*undefined, undefined, undefined, undefined, \.\.\.\]/);
  });

  it('may be a tensor of another copy of the library', () => {
    const foreign = { [Symbol.for('@kindling/core.Tensor')]: true };
    expect(call(topk, foreign, 1)).toMatch(/another copy of @kindling\/core/);
  });

  it('may be a device, of which there is one, and a constructor call as of PyTorch', () => {
    const device = '; there is one device, the processor: leave it out';
    expect(call(x.to.bind(x), 'cuda')).toMatch(
      /^to: dtype: expected one of bool.*, got "cuda"; there is one device/,
    );
    expect(call(ones, [2], { device: 'cpu' })).toBe(`ones: unknown option device${device}`);
    expect(call(x.to.bind(x), 'meter')).not.toContain('device');
    const construct = (...given: unknown[]) => Reflect.construct(Tensor, given);
    for (const given of [[], [[1, 2]], [2, 3]])
      expect(call(construct, ...given)).toMatch(
        /^Tensor: .* write tensor\(\[1, 2\]\) for values, zeros\(\[2, 3\]\)/,
      );
  });

  it('is refused by the method as by the function', () => {
    expect(message(() => x.topk(2, 0 as never))).toBe(call(topk, x, 2, 0));
  });
});

describe('a function that is called', () => {
  class Zebra {}
  const { noGrad, enableGrad, inferenceMode, setGradEnabled, detectAnomaly, checkpoint } = autograd;
  it.each(
    Object.entries({
      noGrad,
      enableGrad,
      inferenceMode,
      onHost,
      checkpoint,
      detectAnomaly,
      setGradEnabled: (f: unknown) => setGradEnabled(true, f as () => void),
      checkpointWith: (f: unknown) => autograd.checkpointWith({}, f as () => never),
    }),
  )('may not be a class: %s', (name, f) => {
    expect(call(f, Zebra)).toBe(`${name}: fn: expected a function, got the class Zebra`);
  });

  it('that has no prototype is a function all the same, where a tensor was to be', () => {
    const bare = Object.setPrototypeOf(() => 1, null) as never;
    expect(() => matmul(ones(2), bare)).toThrow('matmul: b: expected a Tensor, got a function');
  });

  it('may throw what it wants, also JavaScript errors of its own', () => {
    const boom = new TypeError('theirs');
    const fail = (): never => {
      throw boom;
    };
    for (const f of [noGrad, enableGrad, inferenceMode, onHost]) expect(() => f(fail)).toThrow(boom);
  });

  it('comes after options that may not be left out', () => {
    expect(call(autograd.checkpointWith, undefined, () => x)).toBe(
      'checkpointWith: expected an options object, got undefined; it takes { preserveRngState }',
    );
  });
});

describe('an options object of a class', () => {
  const options = (read: () => unknown): object =>
    new (class {
      get dim(): unknown {
        return read();
      }
    })();
  const x3 = ones([2, 3]);

  it('has its getters checked as properties are', () => {
    expect(linalg.cross(x3, x3, options(() => 1) as never).shape).toEqual([2, 3]);
    for (const [name, f] of Object.entries({ cross, 'linalg.cross': linalg.cross }))
      expect(
        call(
          f,
          x3,
          x3,
          options(() => 1.5),
        ),
      ).toBe(`${name}: dim: expected an integer, got 1.5`);
  });

  it('may not throw', () => {
    const given = options(() => {
      throw new RangeError('theirs');
    });
    expect(call(linalg.cross, x3, x3, given)).toMatch(
      /^linalg.cross: options: .* cannot be read: RangeError: theirs$/,
    );
  });
});

describe('a composition', () => {
  const half = composition(
    'half',
    { a: K.tensor, b: K.tensor, scale: K.number },
    (a: Tensor, b: Tensor, scale = 0.5): Tensor => a.add(b).mul(scale),
  );

  it('checks what it takes, of which what has a default may be left out', () => {
    expect(half(ones(1), ones(1)).toArray()).toEqual([1]);
    expect(half(ones(1), ones(1), 2).toArray()).toEqual([4]);
    expect(call(half, ones(1), 1)).toBe('half: b: expected a Tensor, got 1');
    expect(call(half, ones(1), ones(1), 'a')).toBe('half: scale: expected a number, got "a"');
  });

  it('gives its name to the errors of its parts, and bears it', () => {
    expect(call(half, ones(2), ones(3))).toMatch(/^half: shapes \[2\] and \[3\] do not broadcast/);
    expect([half.name, half.length]).toEqual(['half', 2]);
  });
});

describe('what stands where the options object belongs', () => {
  it('is refused with the call that gives it by its name', () => {
    expect(call(topk, x, 2, 0)).toBe('topk: expected an options object, got 0; write topk(x, 2, { dim: 0 })');
    expect(call(kthvalue, x, 1, true)).toBe(
      'kthvalue: expected an options object, got true; write kthvalue(x, 1, { keepdim: true })',
    );
  });

  it('is refused with the names of the options where none takes it', () => {
    expect(call(topk, x, 2, null)).toBe(
      'topk: expected an options object, got null; it takes { dim, largest, sorted }',
    );
    expect(call(topk, x, 2, x)).toMatch(/got a Tensor of shape \[1, 3\]/);
    expect(call(topk, x, 2, [])).toMatch(/got \[\]/);
  });

  it('is an options object that came too early: the error says where options stand', () => {
    expect(call(topk, x, { largest: false })).toBe(
      'topk: k: expected an integer, got an object with largest; options come last: write topk(x, k, { ... })',
    );
  });

  it('is an object that names what stands in a place: the error puts it there', () => {
    const linear = signature('Linear', {
      inFeatures: K.count,
      outFeatures: K.count,
      options: K.options<{ bias?: boolean }>({ bias: K.flag }),
    });
    const wrong = 'Linear: inFeatures: expected an integer >= 0, got an object with ';
    expect(message(() => linear([{ in_features: 2, outFeatures: 3, bias: false }]))).toBe(
      `${wrong}in_features, outFeatures, bias; write new Linear(2, 3, { bias: false })`,
    );
    expect(message(() => linear([{ inFeatures: 2 }]))).toBe(`${wrong}inFeatures; write new Linear(2)`);
    expect(message(() => linear([{ outFeatures: 2 }]))).toBe(`${wrong}outFeatures`);
    expect(call(topk, x, { k: 2, largest: false })).toBe(
      'topk: k: expected an integer, got an object with k, largest; write topk(x, 2, { largest: false })',
    );
    expect(call(sum, x, { dim: 1, keepdim: true })).toMatch(/; write sum\(x, 1, \{ keepdim: true \}\)$/);
  });

  it('belongs to a class: the hint is written with new', () => {
    const takes = signature('Dropout', { options: K.options<{ p?: number }>({ p: K.probability }) });
    expect(message(() => takes([0.2]))).toBe(
      'Dropout: expected an options object, got 0.2; write new Dropout({ p: 0.2 })',
    );
  });

  it('may be two sizes of a shape: the hint makes one array of them', () => {
    const takes = signature('zeros', {
      shape: K.sizeOrSizes,
      options: K.options<{ dtype?: string }>({ dtype: K.dtype }),
    });
    expect(message(() => takes([2, 3]))).toBe(
      'zeros: expected an options object, got 3; write zeros([2, 3])',
    );
  });
});

describe('a typed array', () => {
  const list = new Int32Array([0]);
  it.each<[string, () => unknown]>([
    ['sum', () => sum(zeros(2), list as never)],
    ['amax', () => zeros(2).amax(list as never)],
    ['zeros', () => zeros(list as never)],
  ])('in the place of an array is no options object: %s', (name, call) => {
    expect(message(call)).toMatch(
      new RegExp(
        `^${name}: (dims|shape): .*, got an instance of Int32Array; make an array of it with Array.from\\(\\)$`,
      ),
    );
  });

  it('whose elements would not fit either gets no such advice', () => {
    expect(message(() => sum(zeros(2), new Float32Array([0.5]) as never))).toMatch(
      /got an instance of Float32Array$/,
    );
    expect(message(() => sum(zeros(2), new DataView(new ArrayBuffer(4)) as never))).toMatch(
      /got an instance of DataView$/,
    );
  });
});

describe('an option', () => {
  it('of an unknown name is refused, with the name that may have been meant', () => {
    const near: [string, string][] = [
      ['keepDim', 'keepdim'],
      ['keep_dim', 'keepdim'],
      ['weight_decay', 'weightDecay'],
      ['learningRate', 'lr'],
      ['learning_rate', 'lr'],
      ['biass', 'bias'],
      ['bais', 'bias'],
      ['batch_size', 'batchSize'],
      ['label_smoothing', 'labelSmoothing'],
      ['reducton', 'reduction'],
    ];
    const known = ['keepdim', 'weightDecay', 'lr', 'bias', 'batchSize', 'labelSmoothing', 'reduction'];
    const takes = signature('f', {
      options: K.options(Object.fromEntries(known.map((k) => [k, K.anything]))),
    });
    for (const [name, meant] of near)
      expect(message(() => takes([{ [name]: 1 }]))).toBe(`f: unknown option ${name}; did you mean ${meant}?`);
  });

  it('that is like none is refused with all there are', () => {
    expect(call(topk, x, 1, { zebra: 1 })).toBe(
      'topk: unknown option zebra; it takes { dim, largest, sorted }',
    );
    expect(call(topk, x, 1, { constructor: 1 })).toBe(
      'topk: unknown option constructor; it takes { dim, largest, sorted }',
    );
  });

  it('of another kind of value is refused by its name', () => {
    expect(call(topk, x, 1, { dim: '0' })).toBe('topk: dim: expected an integer, got "0"');
    expect(call(topk, x, 1, { largest: 1 })).toBe('topk: largest: expected true or false, got 1');
  });

  it.each([[3], [0, 3], [0, 3, 1], [3, undefined]])(
    'is checked behind all bounds of a range: %j, %j, %j',
    (...bounds) => {
      expect(call(arange, ...bounds, { dtyp: 'int32' })).toBe(
        'arange: unknown option dtyp; did you mean dtype?',
      );
      expect(call(arange, ...bounds, 'int32')).toMatch(/^arange: .* got "int32"/);
    },
  );

  it('that is undefined counts as left out, and options may be inherited', () => {
    expect(topk(x, 1, { dim: undefined as never }).indices.item()).toBe(2);
    expect(topk(x, 1, Object.create({ largest: false })).indices.item()).toBe(0);
  });
});

describe('kinds', () => {
  it('accept what they describe and nothing else', () => {
    const fits: [K.Kind, unknown[], unknown[]][] = [
      [K.integer, [0, -3, 2 ** 53 - 1], [0.5, Number.NaN, Infinity, '1', 1n, null]],
      [K.count, [0, 7], [-1, 1.5]],
      [K.positiveCount, [1], [0]],
      [K.finite, [0.1, -2], [Number.NaN, Infinity, '1']],
      [K.nonNegative, [0, Infinity], [-0.1, Number.NaN]],
      [K.probability, [0, 0.5, 1], [-0.1, 1.1, Number.NaN]],
      [K.operand, [x, 1, true], ['1', null, [1]]],
      [K.dims, [0, [0, 1], []], [0.5, ['0'], null]],
      [K.sizes, [[2, 3], []], [2, [0.5]]],
      [K.dtype, ['float32'], ['float', 'Float32', 4]],
      [K.oneOf('mean', 'sum'), ['sum'], ['avg', undefined]],
      [K.optional(K.integer), [undefined, 1], [null]],
      [K.nullable(K.integer), [undefined, null, 1], ['1']],
      [K.listOf(K.tensor), [[], [ones(2)]], [[1], ones(2)]],
      [K.either(K.integer, K.text), [1, 'a'], [1.5]],
      [K.iterable('tensors'), [[], new Set()], ['abc', 5, null]],
    ];
    for (const [kind, right, wrong] of fits) {
      for (const value of right)
        expect(kind.accepts(value), `${kind.expected} takes ${String(value)}`).toBe(true);
      for (const value of wrong)
        expect(kind.accepts(value), `${kind.expected} refuses ${String(value)}`).toBe(false);
    }
  });
});

describe('what passes for a tensor and is none', () => {
  const proxy = new Proxy(ones([2, 2]), {});
  const copy = Object.assign(Object.create(Object.getPrototypeOf(x)), x) as Tensor;

  it.each<[string, (of: Tensor) => unknown]>([
    ['topk', (of) => topk(of, 1)],
    ['matmul', (of) => ones([2, 2]).matmul(of)],
    ['unsqueeze', (of) => of.unsqueeze(0)],
    ['tensor', (of) => tensor(of)],
    ['strides', (of) => of.strides],
  ])('is refused in the name of what was called: %s', (name, f) => {
    for (const impostor of [proxy, copy, Object.create(Object.getPrototypeOf(x)) as Tensor])
      expect(message(() => f(impostor))).toMatch(
        new RegExp(`^${name}: .*expected a Tensor, got a Proxy of a Tensor, or`),
      );
  });
});

describe('an object that cannot be read', () => {
  const fail = (): never => {
    throw new RangeError('boom');
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it('is refused with what it threw', () => {
    const dim = { enumerable: true, get: fail };
    expect(call(topk, x, 1, Object.defineProperty({}, 'dim', dim))).toBe(
      'topk: options: expected an options object, got an object that cannot be read: RangeError: boom',
    );
    expect(call(topk, x, 1, revoked.proxy)).toMatch(
      /^topk: expected an options object, got an object that cannot be read: TypeError: .*; it takes { dim, /,
    );
    expect(call(topk, revoked.proxy, 1)).toMatch(/^topk: x: expected a Tensor, got an object that cannot be/);
    expect(
      call(topk, x, {
        get constructor() {
          return fail();
        },
      }),
    ).toMatch(/^topk: k: .* RangeError: boom$/);
    expect(call(topk, x, 1, new Proxy({ dim: 0 }, { ownKeys: fail }))).toMatch(/^topk: options: /);
  });
});

describe('an array with holes', () => {
  it('does not hold what it should', () => {
    const [holes, mixed] = [new Array(3), new Array(3)];
    [mixed[0], mixed[2]] = [2, 3];
    expect(call(zeros, holes)).toMatch(/^zeros: shape: expected .* got \[undefined, undefined, undefined\]$/);
    expect(call(cat, [ones(2), ...new Array(1), ones(2)])).toMatch(
      /^cat: tensors: expected an array of tensors/,
    );
    expect(call(assign, ones(3), holes, 1)).toMatch(/^assign: only integers, slices/);
    expect(call(toDot, x, { names: holes })).toMatch(/^toDot: names: expected tensors by name/);
    const untyped = x as unknown as Record<string, unknown>;
    for (const name of ['reshape', 'permute', 'sum', 'expand'])
      expect(message(() => (untyped[name] as (dims: unknown) => unknown).call(x, mixed))).toMatch(
        new RegExp(`^${name}: `),
      );
    expect([K.sizes, K.dims, K.sizeOrSizes, K.listOf(K.number)].map((k) => k.accepts(mixed))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
