/** Programs in addresses. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { examples } from '../../src/playground/examples.ts';
import { hashOf, sharedIn } from '../../src/playground/share.ts';

const coordinate = fc.integer({ min: -2000, max: 2000 }).map((n) => n / 1000);
const point = fc.record({ x: coordinate, y: coordinate, label: fc.constantFrom(0 as const, 1 as const) });

describe('an address', () => {
  it('gives back what was put into it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.array(point, { minLength: 2, maxLength: 50 }),
        (code, points) => {
          const shared = { code, set: 'xor', points };
          expect(sharedIn(hashOf(shared))).toEqual(JSON.parse(JSON.stringify(shared)));
          expect(sharedIn(hashOf({ code }))).toEqual({ code });
        },
      ),
    );
  });

  it.each(examples.map(({ id, code }) => [id, code] as const))(
    'holds %s in less than 2,500 characters',
    (_, code) => {
      expect(hashOf({ code }).length).toBeLessThan(2500);
    },
  );

  it('holds nothing where it is cut off, or another thing', () => {
    const whole = hashOf({ code: 'manualSeed(0);' });
    for (const hash of ['', '#xor', '#code=', '#code=%%%', whole.slice(0, 20), whole.replace('code', 'cod')])
      expect(sharedIn(hash)?.code).not.toBe('manualSeed(0);');
    expect(sharedIn(hashOf({ code: 'x', set: 'xor', points: [{ x: Number.NaN, y: 0, label: 0 }] }))).toEqual({
      code: 'x',
    });
  });
});
