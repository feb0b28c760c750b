/** Memory that a call shares with what is outside: arguments and gradients that are tensors of the closure, or each other. */
import { compile, noGrad, randn, type Tensor, tensor } from '@kindling/core';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { expectSameBits } from '../support/compiled.ts';

const steps = {
  reads: (w: Tensor) => w.sub_(w.grad as Tensor, { alpha: 0.25 }),
  writes: (w: Tensor) => w.sub_((w.grad as Tensor).mul_(0.5)),
} as const;

/** Floats that nobody outside has the array of. */
const floats = (...values: number[]): Tensor => tensor(values, { dtype: 'float32' }).mul(1);

const events = [
  'call',
  'call',
  'call',
  'a fresh gradient',
  'one from before',
  'changed in place',
  'a view',
  'of the other',
  'handed out',
] as const;

type Event = (typeof events)[number];

/** Two weights, and every gradient that they ever had. */
class World {
  readonly weights = [floats(1, 2, 3).requiresGrad_(), floats(-1, 0.5, 4).requiresGrad_()] as const;
  readonly gradients: Tensor[] = [];
  readonly #step: () => void;
  #made = 0;

  constructor(step: (w: Tensor) => unknown, wrap: (f: () => void) => () => void) {
    for (const w of this.weights) this.#give(w, this.#fresh());
    this.#step = wrap(() => {
      for (const w of this.weights) noGrad(() => step(w));
    });
  }

  #fresh(): Tensor {
    return floats(1, 2, 3).mul(++this.#made);
  }

  #give(w: Tensor, gradient: Tensor): void {
    w.grad = gradient;
    this.gradients.push(gradient);
  }

  happens(event: Event, which: 0 | 1, k: number): void {
    const w = this.weights[which];
    if (event === 'call') this.#step();
    if (event === 'a fresh gradient') this.#give(w, this.#fresh());
    if (event === 'one from before') this.#give(w, this.gradients[k % this.gradients.length] as Tensor);
    if (event === 'changed in place') w.grad?.add_(1);
    if (event === 'a view')
      this.#give(
        w,
        floats(0, 1, 2, 3, 4)
          .mul(++this.#made)
          .narrow(0, 1, 3),
      );
    if (event === 'of the other') this.#give(w, this.weights[1 - which]?.grad as Tensor);
    if (event === 'handed out') this.gradients[k % this.gradients.length]?.data.fill(7);
  }

  /** The values of all that the user holds. */
  state(): number[][] {
    const held = [...this.weights, ...this.weights.map(({ grad }) => grad as Tensor), ...this.gradients];
    return held.map((x) => [...x.detach().data]);
  }
}

it.each(Object.entries(steps))(
  'a step that %s given gradients is as eager, whatever becomes of them between calls',
  (_, step) => {
    const happening = fc.tuple(fc.constantFrom(...events), fc.constantFrom(0, 1), fc.nat(30));
    fc.assert(
      fc.property(fc.array(happening, { minLength: 5, maxLength: 25 }), (happenings) => {
        const [eager, compiled] = [new World(step, (f) => f), new World(step, (f) => compile(f))];
        for (const happening of happenings) {
          for (const world of [eager, compiled]) world.happens(...(happening as [Event, 0 | 1, number]));
          expect(compiled.state()).toEqual(eager.state());
        }
      }),
      { seed: 12, numRuns: 80 },
    );
  },
);

it('a gradient that stays is worked on where it lies, and leaves its place for the next one', () => {
  const w = floats(1, 2, 3).requiresGrad_();
  const step = compile(() => void noGrad(() => steps.reads(w)));
  const callWith = (gradient: Tensor, times: number): void => {
    w.grad = gradient;
    for (let call = 0; call < times; call++) step();
  };
  // A gradient that is there from the start is taken for a tensor of the closure.
  for (let call = 0; call < 3; call++) callWith(floats(1, 1, 1), 1);
  const [first, second] = [floats(4, 8, 12), floats(1, 1, 1)];
  callWith(first, 1);
  expect(first.storage.lodging).toBeNull();
  callWith(first, 4);
  expect(first.storage.lodging).not.toBeNull();
  callWith(second, 2);
  expect(first.storage.lodging).toBeNull();
  expect(second.storage.lodging).not.toBeNull();
  expect([...first.data, ...second.data]).toEqual([4, 8, 12, 1, 1, 1]);
  expect([...w.detach().data]).toEqual([1 - 5 - 1.25, 2 - 10 - 1.25, 3 - 15 - 1.25]);
  expect(step.programs).toHaveLength(1);
});

it('of several arguments those share memory that did: else another program serves them', () => {
  const step = expectSameBits(() => {
    const [a, b, c] = [floats(1, 2, 3), floats(0.5, 1, -1), floats(4, 5, 6)];
    return {
      call: (x: Tensor, y: Tensor, z: Tensor) => y.add(x.mul_(2)).mul(z),
      argumentsOf: (i) => (i < 5 ? [a, a, b] : i < 9 ? [a, b, c] : [a, a, b]),
      state: () => [a, b, c],
    };
  }, 12);
  expect(step.programs).toHaveLength(2);
});

it('of arguments of new memory in each call it counts how far one lies from the other', () => {
  const places = [2, 2, 2, 2, 4, 2, 4, -2, -2, 0, 2, 0];
  const step = expectSameBits(() => {
    let data = randn([9]);
    return {
      call: (x: Tensor, y: Tensor) => {
        x.mul_(0.5);
        return y.add(x);
      },
      argumentsOf: (i) => {
        data = randn([9]);
        const [first, distance] = [i === 3 ? 1 : 2, places[i] as number];
        return [data.narrow(0, first, 3), data.narrow(0, first + distance, 3)];
      },
      state: () => [data],
    };
  }, places.length);
  expect(step.programs).toHaveLength(4);
});

it('parts of one tensor, such as the batches of a data set, are served by one program', () => {
  const step = expectSameBits(() => {
    const [data, w] = [randn([10, 3]), randn([3], { requiresGrad: true })];
    return {
      call: (x: Tensor) => {
        w.grad = null;
        const loss = x.mul(w).square().sum();
        loss.backward();
        noGrad(() => w.sub_(w.grad as Tensor, { alpha: 0.01 }));
        return loss.detach();
      },
      argumentsOf: (i) => [data.narrow(0, (2 * i) % 10, 2)],
      state: () => [w],
    };
  }, 12);
  expect(step.programs).toHaveLength(1);
});

it.each([
  ['from the first call on', 0],
  ['from the second', 1],
  ['from the fourth', 3],
])('one of the parts may be a tensor of the closure, given %s', (_, first) => {
  expectSameBits(() => {
    const data = randn([10]);
    const kept = data.narrow(0, 4, 2);
    return {
      call: (x: Tensor) => {
        kept.mul_(0.5);
        return x.mul(3).add(kept);
      },
      argumentsOf: (i) => [i >= first && i % 3 !== 2 ? kept : data.narrow(0, (3 * i) % 8, 2)],
      state: () => [data],
    };
  }, 12);
});

it('what a gradient was when the call was recorded is not what it is now, where the closure has it too', () => {
  const w = floats(1, 2, 3).requiresGrad_();
  let kept = floats(0, 0, 0);
  const step = compile(() => noGrad(() => (w.grad as Tensor).mul(10).add(kept)));
  for (let call = 0; call < 6; call++) {
    w.grad = floats(call, 1, 2);
    if (call < 2) kept = w.grad.detach();
    expect([...step().data], `call ${call}`).toEqual([call * 10 + Math.min(call, 1), 11, 22]);
  }
});

it('nor is what an argument was', () => {
  let kept = floats(0, 0, 0);
  const step = compile((x: Tensor) => x.mul(10).add(kept));
  for (let call = 0; call < 6; call++) {
    const x = floats(call, 1, 2);
    if (call < 2) kept = x.detach();
    expect([...step(x).data], `call ${call}`).toEqual([call * 10 + Math.min(call, 1), 11, 22]);
  }
});

it('arguments that are, or become, tensors of the closure, gradients, and each other are as eager', () => {
  // Each that becomes another one has a program of its own, and from the eighth on a warning.
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const kinds = [
    'fresh',
    'fresh',
    'as before',
    'weight',
    'view of the weight',
    'gradient',
    'other',
    'view of all',
  ] as const;
  const given = fc.tuple(fc.constantFrom(...kinds), fc.constantFrom(...kinds));
  const world = (
    wrap: <F extends (a: Tensor, b: Tensor) => Tensor>(f: F) => (a: Tensor, b: Tensor) => Tensor,
  ) => {
    const all = floats(1, 2, 3, 4, 5, 6, 7);
    const w = floats(1, 2, 3).requiresGrad_();
    w.grad = floats(1, 0, 1);
    const last: Tensor[] = [];
    const step = wrap((a, b) =>
      noGrad(() => {
        w.sub_(a, { alpha: 0.5 });
        b.mul_(2);
        (w.grad as Tensor).add_(b);
        all.sub_(1);
        return a
          .add(w)
          .add(w.grad as Tensor)
          .add(b);
      }),
    );
    let made = 0;
    const chosen = (kind: (typeof kinds)[number]): Tensor => {
      if (kind === 'weight') return w.detach();
      if (kind === 'view of the weight') return w.detach().narrow(0, 0, 3);
      if (kind === 'gradient') return w.grad as Tensor;
      if (kind === 'view of all') return all.narrow(0, ++made % 5, 3);
      if (kind === 'as before' && last[0] !== undefined) return last[0];
      if (kind === 'other' && last[1] !== undefined) return last[1];
      return floats(++made, 1, 2);
    };
    return (pair: readonly [(typeof kinds)[number], (typeof kinds)[number]]): number[][] => {
      const [a, b] = [chosen(pair[0]), chosen(pair[1])];
      const result = step(a, b);
      last.splice(0, 2, a, b);
      return [result, w.detach(), w.grad as Tensor, all, a, b].map((x) => [...x.data]);
    };
  };
  fc.assert(
    fc.property(fc.array(given, { minLength: 4, maxLength: 16 }), (calls) => {
      const [eager, compiled] = [world((f) => f), world(compile)];
      for (const pair of calls) expect(compiled(pair)).toEqual(eager(pair));
    }),
    { seed: 12, numRuns: 60 },
  );
});
