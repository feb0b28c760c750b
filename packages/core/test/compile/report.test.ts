import { expect, it } from 'vitest';
import { explain } from '../../src/compile/explain.ts';
import {
  applyUnary,
  compile,
  E,
  ElementwiseOp,
  manualSeed,
  matmul,
  noGrad,
  ones,
  onHost,
  randn,
  type Tensor,
  tensor,
} from '../../src/index.ts';

/** A compiled step of one parameter, called until it runs as a program. */
function descent() {
  manualSeed(0);
  const w = randn([4, 8], { requiresGrad: true });
  const step = compile((x: Tensor) => {
    w.grad = null;
    const loss = matmul(x, w).tanh().square().add(1).mean();
    loss.backward();
    noGrad(() => w.sub_(w.grad ?? 0, { alpha: 0.1 }));
    return loss;
  });
  for (let i = 0; i < 4; i++) step(randn([16, 4]));
  return step;
}

it('reports what explain() prints', () => {
  const step = descent();
  const [report] = step.report();
  const text = step.explain();
  for (const line of report?.lines ?? []) expect(text).toContain(line.text);
  for (const { text: kernel } of report?.steps ?? []) expect(text).toContain(kernel);
  expect(report?.calls).toBe(2);
  expect(report?.reason).toBe('the first call');
});

it('tells which equations became which kernel: all that are no views and of use', () => {
  const step = descent();
  const [report] = step.report();
  const [program] = step.programs;
  const steps = report?.steps ?? [];
  const namesOf = (equations: readonly number[]) => equations.map((i) => program?.equations[i]?.name);
  const fused = steps.filter(({ equations }) => equations.length > 1);
  expect(fused.length).toBeGreaterThan(0);
  // A fused kernel is called after the kernels in it.
  for (const { text, equations } of fused)
    expect(text.split(' + ').length).toBeGreaterThanOrEqual(equations.length);
  expect(fused.some(({ equations }) => namesOf(equations).includes('tanh'))).toBe(true);
  const done = new Set(steps.flatMap(({ equations }) => equations));
  const views = new Set(report?.lines.flatMap(({ view, equation }) => (view ? [equation] : [])));
  for (const equation of done) expect(views.has(equation)).toBe(false);
  expect(steps.every(({ microseconds }) => microseconds !== null && microseconds > 0)).toBe(true);
});

it('says what memory takes, and when each area is in use: none lies over another of its time', () => {
  const [report] = descent().report();
  if (report === undefined) throw new Error('there is a program');
  const { areas, bytes, sum, state } = report.memory;
  expect(state).toBe(4 * 8 * 4);
  expect(bytes).toBeLessThan(sum);
  const meet = (a: (typeof areas)[number], b: (typeof areas)[number]): boolean =>
    a.from <= (b.to ?? Number.POSITIVE_INFINITY) && b.from <= (a.to ?? Number.POSITIVE_INFINITY);
  areas.forEach((a, i) => {
    expect(a.at + a.bytes).toBeLessThanOrEqual(bytes);
    for (const b of areas.slice(i + 1))
      if (meet(a, b))
        expect(a.at + a.bytes <= b.at || b.at + b.bytes <= a.at, `${a.name} and ${b.name}`).toBe(true);
  });
});

it('gives the WebAssembly that runs', () => {
  const [report] = descent().report();
  const [module] = report?.modules ?? [];
  if (module === undefined) throw new Error('there is a module');
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(new Uint8Array(module)));
  expect(exported.map(({ name }) => name)).toContain('run0');
});

it('has a report for each program, and an eager kernel says why it is one', () => {
  const f = compile((x: Tensor) =>
    noGrad(() =>
      x
        .double()
        .cumsum(0)
        .add(randn([x.count])),
    ),
  );
  expect(f.report()).toEqual([]);
  for (let i = 0; i < 3; i++) f(tensor([3, 1, 2]));
  for (let i = 0; i < 3; i++) f(tensor([3, 1]));
  expect(f.report()).toHaveLength(2);
  const kinds = f.report().map(({ steps }) => steps.map(({ kind }) => kind));
  expect(kinds[0]).toContain('javascript');
});

it('tells which lines are the host, whatever the lines say', () => {
  const f = compile((x: Tensor) => {
    onHost(() => 1);
    return x.exp();
  });
  for (let i = 0; i < 3; i++) f(ones(3));
  const [report] = f.report();
  expect(report?.lines.map(({ host }) => host)).toEqual([true, false, false]);
  expect(f.explain()).toContain('1 part on the host');
});

it('shows the numbers of an operation behind it, as far as there is room', () => {
  const f = compile((x: Tensor) =>
    x
      .mul(2)
      .reshape(Array.from({ length: 50 }, () => 1))
      .exp(),
  );
  for (let i = 0; i < 3; i++) f(ones(1));
  const [mul = '', view = '', exp = ''] = (f.report()[0]?.lines ?? []).map(({ text }) => text);
  expect(mul).toMatch(/ = mul\(%0:argument0\) \[2\] {2}#/);
  expect(view).toMatch(/ = view\(%1\) \{"shape":\[1,.{65}\.\.\. \(a view\) {2}#/);
  expect(exp).toMatch(/ = exp\(%2\) {2}#/);
});

it("counts of an argument's memory what the argument spans", () => {
  const f = compile((x: Tensor, y: Tensor) => x.add(y.sum()));
  for (let i = 0; i < 3; i++) f(randn([100]).narrow(0, 10, 4), randn([9, 9]).select(1, 2));
  const sizes = f.report()[0]?.memory.areas.map(({ bytes }) => bytes) ?? [];
  // From the first element of the column to the last.
  expect(sizes.slice(0, 2)).toEqual([4 * 4, 4 * (8 * 9 + 1)]);
});

it('tells the lines of a function that is of no file', () => {
  const made = new Function('x', 'return x\n.exp()\n.sin();') as (x: Tensor) => Tensor;
  const f = compile(made);
  for (let i = 0; i < 2; i++) f(ones(1));
  const lines = f.programs[0]?.equations.map(({ line }) => line) ?? [];
  expect(lines).toHaveLength(2);
  expect(new Set(lines).size).toBe(2);
});

it('prints parts of the host, gradients, state, and what is made of numbers', () => {
  const scaled = new ElementwiseOp({ name: 'scaled', arity: 1, expression: (x, s) => E.mul(x, s as E.Expr) });
  const w = ones([3], { requiresGrad: true });
  let calls = 0;
  const f = compile((x: Tensor) => {
    w.grad = null;
    const [lr = [], factor = []] = onHost(() => [[++calls], [2 * calls]]);
    const y = applyUnary(scaled, applyUnary(scaled, w.mul(x), lr), factor);
    y.sum().backward();
    onHost(() => calls);
    return [y.detach().add(tensor([1, 2, 3])), x];
  });
  for (let i = 0; i < 3; i++) f(randn([3]));
  const lines = f.report()[0]?.lines.map(({ text }) => text.replace(/ {2}#.*/, ''));
  expect(lines).toEqual([
    'host 0',
    '%2: float32[3] = mul(%0:state1, %1:argument0)',
    '%3: float32[3] = scaled(%2) host 0[0]',
    '%4: float32[3] = scaled(%3) host 0[1]',
    '%5: float32[] = sum(%4) {"dims":[0],"shape":[]}',
    '%6: float32[] = full() {"shape":[],"dtype":"float32","value":1}',
    '%7: float32[3] = expand(%6) [3] (a view)',
    '%8: float32[3] = scaled_backward(%7) host 0[1]',
    '%9: float32[3] = scaled_backward(%8) host 0[0]',
    '%10: float32[3] = mul_backward(%9, %1:argument0)',
    'host 1',
    '%4: float32[3] = detach(%4) (a view)',
    '%12: float32[3] = add(%4, %11:constant10)',
    'gradient = %10',
    'return %12, %1:argument0',
  ]);
  expect(f.explain()).toMatch(
    /\n9 equations and 2 views as \d+ kernels, 0 by eager kernels, 0 in JavaScript, 2 parts on the host\n/,
  );
  const { equations, gradients, hostParts, leaves, results } = JSON.parse(JSON.stringify(f.programs[0]));
  expect(gradients).toEqual([{ leaf: 0, value: 10 }]);
  expect(leaves).toMatchObject([{ shape: [3], argument: null, dtype: 'float32' }]);
  expect(hostParts).toEqual([{ at: 0 }, { at: 9 }]);
  expect(results).toEqual([12, 1]);
  expect(equations[1]).toMatchObject({ inputs: [2], outputs: [3], host: { part: 0, item: 0 }, view: false });
  expect(equations[5]).toMatchObject({ inputs: [6], outputs: [7], host: null, view: true });
});

it('words what it counts: bytes in the unit that suits them, one of something without an s', () => {
  const worded = (own: number, sum: number, state: number, calls: number): string[] => {
    const memory = { bytes: own, sum, state, areas: [] };
    const text = explain([{ reason: 'the first call', calls, lines: [], steps: [], memory, modules: [] }]);
    return text.split('\n').filter((line) => /^(program|memory)/.test(line));
  };
  expect(worded(1023, 1024, 1536, 1)).toEqual([
    'program 0, recorded at the first call; 1 call since',
    'memory: 1023 B of its own (1.0 KiB side by side), 1.5 KiB of state',
  ]);
  expect(worded(2 ** 20 - 1024, 2 ** 20, 2.5 * 2 ** 20, 0)).toEqual([
    'program 0, recorded at the first call; 0 calls since',
    'memory: 1023.0 KiB of its own (1.0 MiB side by side), 2.5 MiB of state',
  ]);
});

it('a runtime whose frames tell no positions, as Bun, compiles too', () => {
  type Prepare = typeof Error.prepareStackTrace;
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  let prepare: Prepare;
  let asked = 0;
  const withoutPosition = (site: NodeJS.CallSite) =>
    new Proxy(site, {
      get(target, key) {
        if (key === 'getPosition') return void asked++;
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  Object.defineProperty(Error, 'prepareStackTrace', {
    configurable: true,
    get: (): Prepare => prepare && ((error, sites) => prepare?.(error, sites.map(withoutPosition))),
    set: (given: Prepare) => {
      prepare = given;
    },
  });
  try {
    const twice = compile((x: Tensor) => x.mul(2));
    for (const x of [3, 4]) expect(twice(tensor([x])).item()).toBe(2 * x);
    expect(twice.programs).toHaveLength(1);
  } finally {
    Reflect.deleteProperty(Error, 'prepareStackTrace');
    if (before !== undefined) Object.defineProperty(Error, 'prepareStackTrace', before);
  }
  expect(asked).toBeGreaterThan(0);
});
