/** Changes in place by what is no primitive's kernel: as those of optimizers, draws, and derivatives that write over what they saved. */
import { describe, expect, it } from 'vitest';
import { AutogradError, noGrad, observe, ones, type Tensor, tensor, zeros } from '../../src/index.ts';
import { updateInPlace } from '../../src/record/in-place.ts';

/** Adds `by` to each target. */
const addTo = (
  targets: readonly Tensor[],
  by: number,
  inputs: readonly Tensor[] = targets,
  severed?: boolean,
): void =>
  updateInPlace(
    'add_to',
    targets,
    inputs,
    by,
    (_, n, written) => {
      for (const x of written) for (let i = 0; i < x.count; i++) x.storage.array[x.offset + i]! += n;
    },
    severed,
  );
const doubled = (x: Tensor): Tensor => x.mul(2);
const wanted = 'add_to: a tensor is changed in place by what has no derivative while gradients are recorded';

describe('updateInPlace', () => {
  it('changes all targets, and counts one change of each', () => {
    const [a, b] = [zeros(2), ones(3)];
    const before = [a, b].map((x) => x.storage.version);
    addTo([a, b], 2);
    expect([a.tolist(), b.tolist()]).toEqual([
      [2, 2],
      [3, 3, 3],
    ]);
    expect([a, b].map((x, i) => x.storage.version - before[i]!)).toEqual([1, 1]);
  });

  it('is noticed where a derivative reads what was changed', () => {
    const w = tensor([1.5, 2], { requiresGrad: true });
    const x = tensor([3, 4], { dtype: 'float32' });
    const y = w.mul(x).sum();
    addTo([x], 1);
    expect(() => y.backward()).toThrow(/modified by an inplace operation/);
  });

  it.each<[string, (w: Tensor) => [targets: Tensor[], inputs: Tensor[]]]>([
    ['a target', (w) => [[doubled(w)], []]],
    ['the last of several targets', (w) => [[zeros(2), doubled(w)], []]],
    ['the first of several targets', (w) => [[doubled(w), zeros(2)], []]],
    ['an input', (w) => [[zeros(2)], [w]]],
  ])('is refused where gradients of %s are recorded, before anything has changed', (_, given) => {
    const w = tensor([1.5, 2], { requiresGrad: true });
    const [targets, more] = given(w);
    const values = targets.map((x) => x.tolist());
    const versions = targets.map((x) => x.storage.version);
    // Vitest takes it for any message where undefined is thrown.
    expect(() => addTo(targets, 1, [...targets, ...more])).toThrow(AutogradError);
    expect(() => addTo(targets, 1, [...targets, ...more])).toThrow(wanted);
    expect(targets.map((x) => x.tolist())).toEqual(values);
    expect(targets.map((x) => x.storage.version)).toEqual(versions);
    noGrad(() => addTo(targets, 1, [...targets, ...more]));
    expect(targets.map((x) => x.storage.version)).toEqual(versions.map((version) => version + 1));
  });

  it('is taken where it is said that no gradient goes on to the old values', () => {
    const w = tensor([1.5, 2], { requiresGrad: true });
    const y = doubled(w);
    addTo([y], 1, [y], true);
    expect(y.tolist()).toEqual([4, 5]);
  });

  it('is refused as every change of a leaf, and of what is expanded, is', () => {
    const w = tensor([1.5, 2], { requiresGrad: true });
    expect(() => addTo([w], 1)).toThrow('add_to: a leaf Variable that requires grad');
    expect(() => addTo([ones(1).expand(2)], 1)).toThrow('add_to: unsupported operation');
    expect(w.tolist()).toEqual([1.5, 2]);
  });

  it('is shown to observers before and after', () => {
    const seen: unknown[] = [];
    const stop = observe({
      before: (name, [x], by) => seen.push(['before', name, x?.tolist(), by]),
      after: (name, _, by, [x], operation) => seen.push(['after', name, x?.tolist(), by, operation]),
    });
    addTo([zeros(2)], 3);
    stop();
    expect(seen.filter((tell) => String((tell as string[])[1]) === 'add_to')).toEqual([
      ['before', 'add_to', [0, 0], 3],
      ['after', 'add_to', [3, 3], 3, null],
    ]);
  });
});
