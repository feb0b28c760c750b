import { describe, expect, it } from 'vitest';
import { curveOf } from '../../src/losses/curve.ts';
import { nearest } from '../../src/losses/curve-reading.ts';
import { lossNames } from '../../src/losses/families.ts';
import { descend, fieldOf } from '../../src/losses/landscape.ts';
import { type Control, initial, pictures, type Settings } from '../../src/losses/pictures/index.ts';
import { entryOf, samples, smallProblem } from '../../src/losses/reductions.ts';

/** What a control can say at its ends. */
const ends = (control: Control): readonly (number | string | boolean)[] =>
  control.kind === 'slider'
    ? [control.from, control.to]
    : control.kind === 'choice'
      ? control.options
      : [false, true];

/** The settings that a picture begins with, and those with one control at an end. */
function settingsOf(name: (typeof lossNames)[number]): Settings[] {
  const { controls } = pictures[name];
  const start = initial(controls);
  const moved = Object.entries(controls).flatMap(([key, control]) =>
    ends(control).map((value) => ({ ...start, [key]: value })),
  );
  return [start, ...moved];
}

describe.each(lossNames)('the picture of %s', (name) => {
  const picture = pictures[name];

  it('has numbers wherever its controls may be', () => {
    for (const settings of settingsOf(name)) {
      const { x, value, gradient } = curveOf(picture, settings);
      expect(x).toHaveLength(value.length);
      expect([...value, ...gradient].every(Number.isFinite), JSON.stringify(settings)).toBe(true);
    }
  });

  it('has the slope of its curve for a gradient', () => {
    const { x, value, gradient } = curveOf(picture, initial(picture.controls));
    const slopes = x
      .slice(2)
      .map((right, i) => ((value[i + 2] ?? 0) - (value[i] ?? 0)) / (right - (x[i] ?? 0)));
    const off = slopes.map((slope, i) => Math.abs(slope - (gradient[i + 1] ?? 0)) / (1 + Math.abs(slope)));
    // At kinks a difference sees both sides.
    expect(off.filter((difference) => difference > 0.05).length).toBeLessThan(12);
  });

  it('changes with each of its controls, wherever the others may be', () => {
    for (const [key, control] of Object.entries(picture.controls)) {
      const curves = (settings: Settings) =>
        ends(control).map((value) => JSON.stringify(curveOf(picture, { ...settings, [key]: value }).value));
      expect(
        settingsOf(name).some((settings) => new Set(curves(settings)).size > 1),
        key,
      ).toBe(true);
    }
  });

  it('has a landscape that descent goes down, if it has one', () => {
    const landscape = picture.landscape?.(initial(picture.controls));
    if (landscape === undefined) return;
    const { values } = fieldOf(landscape, 21);
    expect(Array.from(values).every(Number.isFinite)).toBe(true);
    const { points, losses } = descend(landscape, landscape.start, landscape.rate);
    expect(points).toHaveLength(81);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.9 - 1e-3);
    for (const [i, axis] of landscape.axes.entries())
      for (const point of points)
        expect(point[i]).toSatisfy((at: number) => at >= axis.from && at <= axis.to);
  });
});

describe('curves', () => {
  it('are read at the nearest prediction', () => {
    expect(nearest({ x: [0, 1, 2], value: [], gradient: [] }, 1.4)).toBe(1);
  });
});

describe.each(lossNames.filter((name) => entryOf(name) !== undefined))('the small problem of %s', (name) => {
  const entry = entryOf(name);
  if (entry === undefined) throw new Error(`${name} is in the table`);

  it('is the same for the same seed, and can be reduced in every way', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const problem = smallProblem(entry, seed);
      expect(smallProblem(entry, seed).inputs).toEqual(problem.inputs);
      for (const reduction of problem.reductions) {
        const { result } = problem.reduce(
          reduction,
          Array.from({ length: samples }, (_, i) => i),
        );
        expect(result).toMatch(/^tensor\(/);
        expect(result).not.toMatch(/nan|inf/);
      }
    }
  });

  it('names what it is called with', () => {
    const problem = smallProblem(entry, 1);
    const { call } = problem.reduce('sum', null);
    for (const { name: argument } of problem.inputs) expect(call).toContain(argument);
  });
});
