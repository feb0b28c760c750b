import { setNumThreads } from '@kindling/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linesOf } from '../../src/explorer/lines.ts';
import { quantile } from '../../src/explorer/measure.ts';
import { presets } from '../../src/explorer/presets.ts';
import { asText } from '../../src/explorer/wat.ts';
import { explore } from './run.ts';

beforeAll(() => setNumThreads(1));
afterAll(() => setNumThreads(1));

describe.each(presets.map(({ name, code }) => [name, code] as const))('the preset %s', (preset, code) => {
  it('becomes a program whose equations, kernels, memory, module and times are there', async () => {
    const { found, measured } = await explore(code);
    expect(found.note).toBeNull();
    const { name, explanation, programs } = found.explorations.at(-1) ?? {};
    const [program] = programs ?? [];
    if (program === undefined) throw new Error('there is a program');
    const { report, lines } = program;
    const text = code.split('\n');
    expect(code).toContain(`const ${name} = compile(`);
    const equations = report.lines.filter(({ equation }) => equation !== null);
    expect(lines).toHaveLength(equations.length);
    // Nearly all equations stand on a line within the function.
    const begin = text.findIndex((line) => line.includes(`const ${name} = compile((`));
    const known = lines.filter((line) => line !== null && line >= begin);
    expect(known.length).toBeGreaterThan(0.8 * lines.length);
    // Products and windows have nothing between them that could become one kernel.
    const fuses = report.steps.some(({ equations: together }) => together.length > 1);
    expect(fuses).toBe(!['mlp', 'conv'].includes(preset));
    expect(report.steps.every(({ kind }) => kind !== 'eager')).toBe(true);
    expect(report.memory.bytes).toBeLessThanOrEqual(report.memory.sum);
    expect(explanation).toContain(report.lines[0]?.text);
    const [module] = report.modules;
    if (module === undefined) throw new Error('there is a module');
    const wat = await asText(module);
    expect(wat).toMatch(/^\(module/);
    expect(wat).toContain('(export "run0"');
    expect(measured.map(({ of, program }) => [of, program])).toEqual(
      found.explorations.flatMap(({ programs: all }, of) => all.map((_, i) => [of, i])),
    );
    const [eager, compiled] = measured[0]?.times ?? [];
    expect([eager?.label, compiled?.label]).toEqual(['eager', 'compiled, 1 thread']);
    for (const times of measured[0]?.times ?? []) {
      expect(times.slices.length).toBeGreaterThanOrEqual(3);
      expect(times.slices.every((time) => time > 0)).toBe(true);
    }
  });
});

it('says what is missing where nothing is compiled, or nothing was called', async () => {
  expect((await explore("import { compile } from '@kindling/core';\n")).found.note).toMatch(
    /Nothing was compiled/,
  );
  const idle = await explore(
    "import { compile } from '@kindling/core';\nconst f = compile((x) => x.exp());\n",
  );
  expect(idle.found.note).toMatch(/no program: call it/);
});

it('calls a function that was called too seldom until it runs as a program', async () => {
  const { found } = await explore(
    "import { compile, ones } from '@kindling/core';\nconst f = compile((x) => x.exp().sum());\nf(ones(3));\n",
  );
  expect(found.explorations[0]?.programs[0]?.report.lines.map(({ text }) => text).join('\n')).toContain(
    'exp',
  );
  expect(found.explorations[0]?.programs[0]?.lines).toEqual([1, 1]);
});

it('shows all programs of a function, each with its reason, its lines and its times', async () => {
  const { found, measured } = await explore(`import { compile, ones } from '@kindling/core';
const f = compile((x) =>
  x.exp().sum());
for (let i = 0; i < 3; i++) f(ones(3));
for (let i = 0; i < 3; i++) f(ones([2, 2]));
`);
  const programs = found.explorations[0]?.programs ?? [];
  expect(programs.map(({ label }) => label)).toEqual([
    '1: the first call, for [3]',
    '2: arguments of another form, for [2, 2]',
  ]);
  expect(programs.map(({ lines }) => lines)).toEqual([
    [2, 2],
    [2, 2],
  ]);
  expect(measured.map(({ program, times }) => [program, times.length])).toEqual([
    [0, 2],
    [1, 2],
  ]);
});

it('has no times for a program that its call does not run any more', async () => {
  const { found, measured } = await explore(`import { compile, ones } from '@kindling/core';
import * as nn from '@kindling/nn';
const model = new nn.Dropout();
const f = compile((x) => model(x));
for (let i = 0; i < 3; i++) f(ones(3));
model.eval();
for (let i = 0; i < 3; i++) f(ones(3));
`);
  expect(found.explorations[0]?.programs[1]?.label).toBe('2: Dropout.training changed, for [3]');
  expect(measured.map(({ times }) => times.length)).toEqual([0, 2]);
});

it('equations are found among what ran, in order', () => {
  const seen = [
    { name: 'mul', line: 1 },
    { name: 'add', line: 2 },
    { name: 'mul', line: 3 },
  ];
  expect(linesOf([{ name: 'mul' }, { name: 'mul' }, { name: 'sum' }], seen)).toEqual([1, 3, null]);
});

it('quantiles lie between what they lie between', () => {
  expect([0, 0.25, 0.5, 1].map((share) => quantile([4, 1, 3, 2], share))).toEqual([1, 1.75, 2.5, 4]);
});
