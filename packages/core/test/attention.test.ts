/** Attention in blocks: against its weights made by tensor operations, in programs and on threads. */
import {
  autograd,
  compile,
  type DType,
  manualSeed,
  ones,
  rand,
  randn,
  scaledDotProductAttention,
  setNumThreads,
  type Tensor,
  tensor,
  where,
  zeros,
} from '@kindling/core';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { worth } from '../src/kernels/threads/index.ts';
import { attentionWeights, sharedByHeads } from '../src/ops/attention/weights.ts';
import { expectSameBits } from './support/compiled.ts';
import { expectLowered, leftEager, worldOf } from './support/lowered.ts';
import { bits, putThreadsBack, untilShared } from './support/threads.ts';

const masks = ['none', 'causal', 'bools', 'numbers'] as const;

interface Form {
  readonly batch: readonly number[];
  readonly shared: boolean;
  readonly queries: number;
  readonly keys: number;
  readonly size: number;
  readonly valueSize: number;
  readonly mask: (typeof masks)[number];
  readonly maskRank: number;
  readonly narrow: boolean;
  readonly byTokens: boolean;
}

const int = (min: number, max: number) => fc.integer({ min, max });
/** Blocks that are whole and cut, one and several; sizes that are no multiple of a vector. */
const forms: fc.Arbitrary<Form> = fc.record({
  batch: fc.constantFrom([], [3], [2, 4], [1, 2, 4]),
  shared: fc.boolean(),
  queries: fc.oneof(int(1, 9), int(60, 70), int(130, 140)),
  keys: fc.oneof(int(1, 9), int(60, 70), int(250, 270)),
  size: int(1, 33),
  valueSize: int(1, 33),
  mask: fc.constantFrom(...masks),
  maskRank: int(1, 4),
  narrow: fc.boolean(),
  byTokens: fc.boolean(),
});

/** Operands that lie heads behind rows, as a linear layer gives them, or rows behind heads. */
function operandsOf(
  { batch, shared, queries, keys, size, valueSize, byTokens }: Form,
  dtype: DType,
): Tensor[] {
  const heads = batch.at(-1);
  const own = shared && heads !== undefined && heads % 2 === 0 ? [...batch.slice(0, -1), heads / 2] : batch;
  const make = (lead: readonly number[], rows: number, columns: number): Tensor => {
    const last = lead.at(-1);
    if (!byTokens || last === undefined) return randn([...lead, rows, columns], { dtype });
    return randn([...lead.slice(0, -1), rows, last, columns], { dtype }).transpose(-2, -3);
  };
  return [make(batch, queries, size), make(own, keys, size), make(own, keys, valueSize)];
}

function maskOf({ batch, queries, keys, mask, maskRank, narrow }: Form, dtype: DType): Tensor | null {
  if (mask === 'none' || mask === 'causal') return null;
  const whole = [...batch, queries, keys].slice(-maskRank);
  const shape = narrow ? whole.map((n, d) => (d % 2 === 0 ? 1 : n)) : whole;
  const seen = rand(shape).gt(0.3);
  return mask === 'bools' ? seen : where(seen, randn(shape, { dtype }), -Infinity).to(dtype);
}

describe('blocks give what the weights give', () => {
  const most = { float32: 1e-5, float64: 1e-13 };
  it.each(['float32', 'float64'] as const)('%s', { timeout: 180_000 }, (dtype) => {
    manualSeed(0);
    fc.assert(
      fc.property(forms, (form) => {
        const [q, k, v] = operandsOf(form, dtype).map((x) => x.requiresGrad_()) as [Tensor, Tensor, Tensor];
        const attnMask = maskOf(form, dtype);
        const isCausal = form.mask === 'causal';
        const y = scaledDotProductAttention(q, k, v, {
          attnMask,
          isCausal,
          scale: 0.4,
          enableGqa: form.shared,
        });
        const heads = q.ndim > 2 ? q.size(-3) : 1;
        const [keys, values] =
          form.shared && q.ndim > 2 ? [sharedByHeads(k, heads), sharedByHeads(v, heads)] : [k, v];
        const expected = attentionWeights(q, keys, { scale: 0.4, isCausal, mask: attnMask }).matmul(values);
        const g = randn(y.shape, { dtype });
        const found = [y, ...autograd.grad([y], [q, k, v], { gradOutputs: [g] })];
        const wanted = [expected, ...autograd.grad([expected], [q, k, v], { gradOutputs: [g] })];
        for (const [i, x] of found.entries()) {
          const by = Math.max(...wanted.map((one) => one.abs().max().item()));
          expect(
            x
              .sub(wanted[i] ?? x)
              .abs()
              .max()
              .item(),
          ).toBeLessThanOrEqual(most[dtype] * Math.max(1, by));
        }
      }),
      { numRuns: Number(process.env.KINDLING_RUNS ?? 15), seed: 1 },
    );
  });
});

describe('what is unusual', () => {
  test('a query that sees no key gets zeros, and gives none', () => {
    const [q, k, v] = [randn([2, 3]), randn([4, 3]), randn([4, 5])].map((x) => x.requiresGrad_()) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    for (const blind of [false, -Infinity]) {
      const attnMask = tensor([[blind], [blind === false ? true : 0]]);
      const y = scaledDotProductAttention(q, k, v, { attnMask });
      expect(y.detach().select(0, 0).tolist()).toEqual([0, 0, 0, 0, 0]);
      const [dq] = autograd.grad([y.sum()], [q]);
      expect(dq?.select(0, 0).tolist()).toEqual([0, 0, 0]);
    }
  });

  test('a key that is not finite stays with the queries that see it', () => {
    const [q, k, v] = [randn([3, 2]), randn([3, 2]), randn([3, 2])] as const;
    k.data[5] = Number.NaN;
    const y = scaledDotProductAttention(q, k, v, { isCausal: true });
    expect(y.isnan().any(1).tolist()).toEqual([false, false, true]);
  });

  test('a value that is not finite is 0 times that to the queries that do not see it, as in PyTorch', () => {
    for (const [queries, keys] of [
      [5, 5],
      [90, 90],
      [3, 40],
      [40, 7],
    ] as const) {
      for (const [size, value] of [
        [3, Number.NaN],
        [5, Infinity],
      ] as const) {
        const [q, k, v] = [randn([2, queries, 4]), randn([2, keys, 4]), randn([2, keys, size])] as const;
        v.data[(keys - 1) * size + 1] = value;
        const y = scaledDotProductAttention(q, k, v, { isCausal: true });
        const column = y.select(0, 0).select(1, 1);
        const before = Math.min(queries, keys - 1);
        expect(column.narrow(0, 0, before).isnan().all().item()).toBe(true);
        const other = Number.isNaN(value) ? NaN : value;
        expect(column.narrow(0, before, queries - before).tolist()).toEqual(
          new Array<number>(queries - before).fill(other),
        );
        expect(y.isnan().sum().item()).toBe(Number.isNaN(value) ? queries : before);
      }
    }
    // PyTorch's by blocks of 512 keys.
    const [q, k, v] = [randn([600, 4]), randn([600, 4]), randn([600, 4])] as const;
    v.data[550 * 4] = Number.NaN;
    const places = scaledDotProductAttention(q, k, v, { isCausal: true }).isnan().any(1);
    expect([places.narrow(0, 0, 512).any().item(), places.narrow(0, 512, 88).all().item()]).toEqual([
      false,
      true,
    ]);
  });

  test('nothing in front, no queries, no keys', () => {
    expect(scaledDotProductAttention(zeros([0, 3, 2]), zeros([0, 4, 2]), zeros([0, 4, 5])).shape).toEqual([
      0, 3, 5,
    ]);
    expect(scaledDotProductAttention(zeros([0, 2]), zeros([4, 2]), zeros([4, 5])).shape).toEqual([0, 5]);
    expect(scaledDotProductAttention(zeros([1, 2]), zeros([0, 2]), zeros([0, 3])).tolist()).toEqual([
      [0, 0, 0],
    ]);
  });

  test('rows longer than blocks take', () => {
    const [q, k, v] = [randn([3, 5000]), randn([4, 5000]), randn([4, 2])] as const;
    const weights = q
      .matmul(k.t())
      .mul(5000 ** -0.5)
      .softmax(-1);
    expect(scaledDotProductAttention(q, k, v).allclose(weights.matmul(v), { atol: 1e-5 })).toBe(true);
  });

  test('gradients of gradients, and of a mask', () => {
    const f = (q: Tensor, k: Tensor, v: Tensor): Tensor =>
      scaledDotProductAttention(q, k, v, { isCausal: true });
    const inputs = [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 3],
    ].map((shape) => randn(shape, { dtype: 'float64' }).requiresGrad_()) as [Tensor, Tensor, Tensor];
    expect(autograd.gradcheck(f, inputs)).toBe(true);
    expect(autograd.gradgradcheck(f, inputs)).toBe(true);
    const [q, k, v] = inputs;
    const mask = randn([3, 5], { dtype: 'float64' }).requiresGrad_();
    expect(
      autograd.gradcheck((m: Tensor) => scaledDotProductAttention(q, k, v, { attnMask: m }), [mask]),
    ).toBe(true);
  });
});

describe('a query that sees nothing, by a mask that wants a gradient', () => {
  const blind = [
    [0, 0],
    [-Infinity, -Infinity],
  ];
  const gradients = (value: number): unknown[] => {
    const leaves = [ones([2, 1]), ones([2, 1]), tensor([[1], [value]]), tensor(blind)].map((x) =>
      x.double().requiresGrad_(),
    );
    const [q, k, v, attnMask] = leaves as [Tensor, Tensor, Tensor, Tensor];
    const y = scaledDotProductAttention(q, k, v, { attnMask });
    expect(y.select(0, 1).item()).toBe(Number.isFinite(value) ? 0 : NaN);
    y.sum().backward();
    return [q.grad, attnMask.grad].map((x) => x?.tolist());
  };
  it('has gradients of 0', () => {
    expect(gradients(1)).toEqual([
      [[0], [0]],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
  });
  it('has those of NaN beside values that are not finite, as 0 times these is', () => {
    expect(gradients(NaN)).toEqual([
      [[NaN], [NaN]],
      [
        [NaN, NaN],
        [NaN, NaN],
      ],
    ]);
  });
});

describe('programs', () => {
  it.each(['float32', 'float64'] as const)('have the bits of eager calls: %s', (dtype) => {
    const form = {
      batch: [2, 4],
      shared: true,
      queries: 70,
      keys: 300,
      size: 5,
      valueSize: 9,
      byTokens: true,
    } as const;
    for (const mask of masks) {
      const whole: Form = { ...form, mask, maskRank: 2, narrow: false };
      const run = (q: Tensor, k: Tensor, v: Tensor, m?: Tensor): Tensor =>
        scaledDotProductAttention(q, k, v, {
          attnMask: m?.detach() ?? null,
          isCausal: mask === 'causal',
          enableGqa: true,
        });
      const of = (): Tensor[] => {
        const attnMask = maskOf(whole, dtype);
        return [...operandsOf(whole, dtype), ...(attnMask === null ? [] : [attnMask])].map((x) => x.detach());
      };
      expectLowered(worldOf({ of, run: (q, k, v, m) => (q && k && v ? run(q, k, v, m) : []) }, dtype));
    }
  });
});

describe('threads', () => {
  putThreadsBack();

  const step = (q: Tensor, k: Tensor, v: Tensor): Tensor[] => {
    const y = scaledDotProductAttention(q, k, v, { isCausal: true });
    return [y, ...autograd.grad([y], [q, k, v], { gradOutputs: [y.detach()] })];
  };

  test('change no bit, of programs and of eager calls', async () => {
    const given = [0, 1, 2].map(() => randn([3, 4, 90, 20]).requiresGrad_()) as [Tensor, Tensor, Tensor];
    setNumThreads(1);
    const expected = step(...given).map(bits);
    setNumThreads(3);
    const compiled = compile(step);
    expect((await untilShared(() => compiled(...given))).map(bits)).toEqual(expected);
    Object.assign(worth, { ofTeam: 0, ofCopying: 0 });
    expect((await untilShared(() => step(...given))).map(bits)).toEqual(expected);
  });
});

it.each([
  ['float32', false],
  ['float64', false],
  ['float64', true],
] as const)(
  'a value behind a query that makes its result NaN leaves the scores that it sees no slopes, as in PyTorch (%s, createGraph: %s)',
  (dtype, createGraph) => {
    const operands = [
      [[1], [2]],
      [[1], [2], [3], [4]],
      [[1], [2], [5], [NaN]],
    ].map((rows) => tensor([rows], { dtype, requiresGrad: true })) as [Tensor, Tensor, Tensor];
    const y = scaledDotProductAttention(...operands, { isCausal: true });
    const gradients = autograd.grad([y.sum()], operands, { createGraph });
    expect(gradients.map((g) => g?.isnan().flatten().tolist())).toEqual([
      [true, true],
      [true, true, true, true],
      [false, false, false, false],
    ]);
  },
);

describe('a query that is NaN', () => {
  it.each([
    ['float32', false],
    ['float64', false],
    ['float64', true],
  ] as const)(
    'gives NaN to the gradients of the values that it sees, no others (%s, createGraph: %s)',
    (dtype, createGraph) => {
      const [q, k, v] = [0, 1, 2].map(() => randn([1, 1, 16, 2], { dtype })) as [Tensor, Tensor, Tensor];
      q.data[2 * 4] = Number.NaN;
      v.requiresGrad_();
      const out = scaledDotProductAttention(q, k, v, { isCausal: true });
      const gradOutputs = [randn([1, 1, 16, 2], { dtype })];
      const [gradient] = autograd.grad([out], [v], { gradOutputs, createGraph });
      const rows = (gradient as Tensor).isnan().reshape([16, 2]).all(1);
      // It is the fifth, and sees the keys up to its own, which end amid a vector.
      expect(rows.toArray()).toEqual(Array.from({ length: 16 }, (_, i) => i < 5));
    },
  );
});

it('of one tensor as several operands, whose rows have gaps: compiled, the bits of eager', () => {
  for (const dtype of ['float32', 'float64'] as const)
    for (const operands of [
      (x: Tensor) => [x, x.tanh(), x],
      (x: Tensor) => [x, x, x.tanh()],
      (x: Tensor) => [x.tanh(), x, x],
      (x: Tensor) => [x, x, x],
    ] as const) {
      const compiled = expectSameBits(() => {
        const w = randn([1, 3, 5, 4], { dtype, requiresGrad: true });
        return {
          call: (x: Tensor) => {
            w.grad = null;
            const [q, k, v] = operands(w.mul(x).transpose(1, 3)) as [Tensor, Tensor, Tensor];
            const y = scaledDotProductAttention(q, k, v);
            y.square().sum().backward();
            return y.detach();
          },
          argumentsOf: () => [randn([1, 3, 5, 4], { dtype })],
          state: () => [w.grad],
        };
      });
      expect(leftEager(compiled)).toEqual([]);
    }
});
