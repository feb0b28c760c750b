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
    expect(found.explorations).toHaveLength(1);
    const [{ name, report, explanation, lines }] = found.explorations as [(typeof found.explorations)[0]];
    const text = code.split('\n');
    expect(code).toContain(`const ${name} = compile(`);
    const equations = report.lines.filter(({ equation }) => equation !== null);
    expect(lines).toHaveLength(equations.length);
    // Nearly all equations stand on a line within the function.
    const begin = text.findIndex((line) => line.includes('compile(('));
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
    expect(measured.map(({ of }) => of)).toEqual([0]);
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
  expect(found.explorations[0]?.report.lines.map(({ text }) => text).join('\n')).toContain('exp');
  expect(found.explorations[0]?.lines).toEqual([1, 1]);
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
