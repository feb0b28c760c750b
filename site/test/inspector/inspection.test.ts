import { describe, expect, it } from 'vitest';
import type { Inspection, Pass } from '../../src/inspector/inspection.ts';
import { dotOf, pictureOf } from '../../src/inspector/picture.ts';
import { presets } from '../../src/inspector/presets.ts';
import { gradientsAfter, narrate, whyNone } from '../../src/inspector/steps.ts';
import { declaredNames } from '../../src/workbench/declared-names.ts';
import { inspect } from './run.ts';

const presetOf = (name: string) => presets.find((preset) => preset.name === name)?.code ?? '';
const passOf = ({ passes }: Inspection, i = 0): Pass => passes[i] ?? { roots: [], visits: [], line: null };
const told = (inspection: Inspection, i = 0) =>
  passOf(inspection, i).visits.map((visit) => narrate(inspection, visit));
const valueOf = ({ values }: Inspection, label: string) => {
  const found = values.findLast((value) => value.label === label);
  if (found === undefined) throw new Error(`no value is called ${label}`);
  return found;
};

describe.each(presets.map(({ name, code }) => [name, code] as const))('the preset %s', (_, code) => {
  it('is seen whole: what is visited and passed on is in the picture, and stands on a line of the code', async () => {
    const { inspection } = await inspect(code);
    const lines = code.split('\n');
    expect(inspection.cut).toBe(false);
    expect(inspection.passes.length).toBeGreaterThan(0);
    for (const pass of inspection.passes) {
      expect(lines[pass.line ?? -1]).toMatch(/backward|grad\(/);
      const { boxes, arrows } = pictureOf(inspection, pass);
      const ids = new Set(boxes.map(({ id }) => id));
      for (const { from, to } of arrows) expect(ids.has(from) && ids.has(to)).toBe(true);
      for (const { role, line, title } of boxes)
        if (role !== 'constant') expect(lines[line ?? -1], title).toBeDefined();
      const passed = pass.visits.flatMap((visit) => visit.passed);
      expect(arrows.filter((arrow) => arrow.passed !== null)).toHaveLength(passed.length);
      expect(passed.every(({ formula }) => formula !== '' && !formula.includes('?'))).toBe(true);
      const dot = dotOf({ boxes, arrows }, pass);
      for (const { id } of boxes) expect(dot).toContain(`id="box-${id}"`);
    }
  });

  it('has a whole gradient at the end where one has arrived, and its parts before', async () => {
    const { inspection } = await inspect(code);
    for (const pass of inspection.passes) {
      const end = gradientsAfter(pass, pass.visits.length);
      for (const [value, { whole, parts }] of end) {
        expect(whole, inspection.values[value]?.label).not.toBeNull();
        // One part is the whole: nothing was added to it.
        if (parts.length === 1) expect(parts[0]?.text).toBe(whole?.text);
      }
    }
  });
});

describe('an expression', () => {
  it('is told as the engine walks it, gradients adding up where a value is used twice', async () => {
    const { inspection, printed } = await inspect(presetOf('expression'));
    expect(told(inspection)).toEqual([
      'AddBackward0 gets 1, and passes on 1 to product (g), 1 to sine (g).',
      'SinBackward0 gets 1, and passes on 0.877583 to x (g · cos(x)).',
      'MulBackward0 gets 1, and passes on 4.2 to x (g · y), 0.5 to y (g · x).',
      'x is a leaf, and gets 5.07758, which becomes its .grad.',
      'y is a leaf, and gets 0.5, which becomes its .grad.',
    ]);
    const x = valueOf(inspection, 'x').id;
    const atEnd = gradientsAfter(passOf(inspection), 3).get(x);
    expect(atEnd?.parts.map(({ short }) => short)).toEqual(['0.877583', '4.2']);
    expect(atEnd?.whole).toBeNull();
    expect(Number(printed[0])).toBeCloseTo(5.07758, 5);
  });

  it('knows from which line each operation was called', async () => {
    const { inspection } = await inspect(presetOf('expression'));
    const lines = presetOf('expression').split('\n');
    const lineOf = (label: string) =>
      lines[inspection.operations[valueOf(inspection, label).maker ?? -1]?.line ?? -1];
    expect(lineOf('product')).toBe('const product = x.mul(y);');
    expect(lineOf('z')).toBe('const z = product.add(sine);');
    expect(lines[valueOf(inspection, 'y').line ?? -1]).toContain('const y');
  });
});

it('what was broadcast gets the sum over its copies', async () => {
  const { inspection } = await inspect(presetOf('broadcasting'));
  const toB = passOf(inspection)
    .visits.flatMap(({ passed }) => passed)
    .find(({ to }) => to === valueOf(inspection, 'b').id);
  expect([toB?.formula, toB?.gradient.shape]).toEqual(['sum(g · a, dim 0)', [3]]);
});

it('a layer is told by its names and transposes; data want no gradient', async () => {
  const { inspection } = await inspect(presetOf('linear'));
  expect(inspection.operations.find(({ name }) => name === 'addmm')?.formula).toBe(
    'layer.bias + x @ layer.weightᵀ',
  );
  const formulas = passOf(inspection).visits.flatMap(({ passed }) => passed.map(({ formula }) => formula));
  expect(formulas).toContain('gᵀ @ x');
  expect(whyNone(inspection, valueOf(inspection, 'x'))).toMatch(/constant/);
});

it('softmax by hand and fused end in the same gradient', async () => {
  const { inspection } = await inspect(presetOf('cross-entropy'));
  const [byHand, fused] = [0, 1].map((i) => passOf(inspection, i).visits.at(-1)?.grad?.after?.text);
  expect(byHand).toBeDefined();
  expect(byHand).toBe(fused);
});

it('a change in place is another value, whose gradient goes on to the one before', async () => {
  const { inspection } = await inspect(presetOf('views'));
  const changed = valueOf(inspection, 'h');
  const operation = inspection.operations[changed.maker ?? -1];
  expect(operation?.name).toBe('mul_');
  const before = inspection.values[operation?.inputs[0] ?? -1];
  expect([before?.label, before?.id === changed.id]).toEqual(['h', false]);
  expect(before?.shown.text).toBe('tensor([3., 9.])');
  expect(changed.shown.text).toBe('tensor([ 3., 27.])');
});

it('where a gradient is lost the picture says so', async () => {
  const { inspection } = await inspect(presetOf('lost'));
  const { boxes } = pictureOf(inspection, passOf(inspection));
  expect(boxes.filter(({ role }) => role === 'lost').map(({ title }) => title)).toEqual(['frozen = detach']);
  expect(whyNone(inspection, valueOf(inspection, 'frozen'))).toBe(
    'Gradients end here: detach is not recorded.',
  );
});

it('a walk that is recorded is walked by the next one', async () => {
  const { inspection } = await inspect(presetOf('second'));
  expect(told(inspection)).toEqual([
    'PowBackward0 gets 1, and passes on 6.75 to x (g · 3 · x²).',
    'x is a leaf, and gets 6.75, which the call returns; .grad is left alone.',
  ]);
  expect(told(inspection, 1)[0]).toMatch(/^PowBackwardBackward0 gets 1, and passes on 9 to x/);
});

it('functions of the program itself are seen by what they are recorded as', async () => {
  const { inspection } = await inspect(`import { autograd, tensor } from '@kindling/core';

class Double extends autograd.Function {
  static override forward(_, x) {
    return x.mul(2);
  }
  static override backward(_, g) {
    return g.mul(2);
  }
}
const x = tensor([1.5], { requiresGrad: true });
const y = Double.apply(x);
y.sum().backward();
`);
  expect(told(inspection)[1]).toMatch(/^DoubleBackward gets .*, and passes on \[1\] to x/);
});

it('names are those that a program declares at its top level', () => {
  const code =
    'const a = 1;\nlet [b, , c] = f();\n  const inner = 2;\nconst { d, e: f2 } = g();\nfunction h() {}\n';
  expect(declaredNames(code).map(({ name, line }) => `${name} ${line}`)).toEqual([
    'a 0',
    'b 1',
    'c 1',
    'd 3',
    'f2 3',
  ]);
});
