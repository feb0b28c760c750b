/** Programs that serve as long as the properties of an object have the same values. */
import { describe, expect, it } from 'vitest';
import {
  assumes,
  assumesHeld,
  assumesValues,
  compile,
  notePart,
  ones,
  type Tensor,
  tellsOnce,
  tensor,
} from '../../src/index.ts';

type Properties = Record<string, unknown>;

/** A compiled function that takes the properties of an object for given: whether a call is served by a program. */
const compiledBy = (object: Properties) => compiledWith(() => assumesValues('the object', object));

/** A compiled function that takes for given what `tell` says, and how often its own code ran. */
function compiledWith(tell: () => void) {
  let runs = 0;
  const step = compile(
    (x: Tensor) => {
      runs++;
      tell();
      return x.mul(2);
    },
    { check: false },
  );
  /** Whether the next call is served by a program: the function's own code does not run. */
  const served = (): boolean => {
    const before = runs;
    expect(step(ones(1)).tolist()).toEqual([2]);
    return runs === before;
  };
  for (let i = 0; i < 4 && !served(); i++);
  return served;
}

const other = {};
const objects: readonly [string, Properties, string, unknown][] = [
  ['one number', { a: 1 }, 'a', 2],
  ['one of several numbers', { a: 1, b: 2, c: 3 }, 'b', 3],
  ['the last of several', { a: 1, b: 2, c: 3 }, 'c', undefined],
  ['NaN', { a: Number.NaN, b: 1 }, 'a', 0],
  ['0, which becomes -0', { a: 0, b: 1 }, 'a', -0],
  ['-0, which becomes 0', { a: -0, b: 1 }, 'a', 0],
  ['a text', { a: 'x' }, 'a', 'y'],
  ['an object', { a: {} }, 'a', other],
  ['undefined', { a: undefined, b: null }, 'a', null],
  ['a key that is an index', { 0: 'x', 10: 'y' }, '10', 'z'],
  ['keys that are no names', { 'a-b': 1, '"': 2, 'new\nline': 3, '01': 4, '': 5 }, '', 6],
  ['a key with a quote', { "'": 1, '"': 2, '`': 3 }, '`', 4],
];

describe('assumesValues', () => {
  it.each(objects)('notices a change of %s, and its way back', (_, object, key, value) => {
    const served = compiledBy(object);
    expect(served()).toBe(true);
    const before = object[key];
    object[key] = before;
    expect(served()).toBe(true);
    object[key] = value;
    expect(served()).toBe(false);
    for (let i = 0; i < 4 && !served(); i++);
    expect(served()).toBe(true);
    object[key] = before;
    expect(served()).toBe(true);
  });

  const values = [
    null,
    undefined,
    true,
    false,
    0,
    -0,
    Number.NaN,
    1.5,
    2n,
    '\u2028"',
    Symbol('s'),
    {},
    () => 1,
  ];
  it.each([...values.entries()])(
    'notices value %i of one of several objects, beside what else is asked',
    (key, value) => {
      const all: Properties[] = Array.from({ length: 30 }, () => Object.fromEntries(values.entries()));
      let allowed = true;
      const served = compiledWith(() => {
        assumes('what is allowed', () => allowed);
        for (const object of all) assumesValues('an object', object);
      });
      for (const object of [all[0], all[13], all[29]] as Properties[]) {
        object[key] = value === 0 ? (Object.is(value, 0) ? -0 : 0) : other;
        expect(served()).toBe(false);
        object[key] = value;
        expect(served()).toBe(true);
      }
      allowed = false;
      expect(served()).toBe(false);
    },
  );

  it('notices each of many properties', () => {
    const object: Properties = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`p${i}`, i]));
    const served = compiledBy(object);
    for (const key of ['p0', 'p17', 'p39']) {
      object[key] = 'other';
      expect(served()).toBe(false);
      object[key] = Number(key.slice(1));
      expect(served()).toBe(true);
    }
  });

  it('notices what an object inherits by names that are asked for, and what comes to stand in front of it', () => {
    const above: Properties = { forward: 1, help: 2, unasked: 3 };
    const object = Object.create(above) as Properties;
    object.own = 4;
    const served = compiledWith(() => assumesValues('the object', object, ['forward', 'help']));
    for (let i = 0; i < 12; i++) expect(served()).toBe(true);
    above.unasked = 4;
    expect(served()).toBe(true);
    above.help = 5;
    expect(served()).toBe(false);
    above.help = 2;
    expect(served()).toBe(true);
    object.forward = 6;
    expect(served()).toBe(false);
    delete object.forward;
    expect(served()).toBe(true);
  });

  it('notices everything while a call after the other joins what is asked', () => {
    const above: Properties = { inherited: 0 };
    const all = Array.from({ length: 90 }, (): Properties => {
      const own = Object.fromEntries(Array.from({ length: 10 }, (_, k) => [`p${k}`, k]));
      return Object.assign(Object.create(above) as Properties, own);
    });
    const served = compiledWith(() => {
      for (const object of all) assumesValues('an object', object, ['inherited']);
    });
    for (let i = 0; i < 30; i++) {
      const object = i % 5 === 4 ? above : (all[(i * 31) % all.length] as Properties);
      const key = object === above ? 'inherited' : `p${i % 10}`;
      const before = object[key];
      object[key] = {};
      expect(served()).toBe(false);
      object[key] = before;
      expect(served()).toBe(true);
    }
  });

  it('serves where there are no properties', () => {
    const served = compiledBy({});
    expect(served()).toBe(true);
  });
});

describe('what was found among the properties of an object', () => {
  const held = () => {
    const part = {};
    const holder: Properties = { part };
    const outer: Properties = { holder };
    notePart(part, holder);
    notePart(holder, outer);
    return { part, holder, outer };
  };

  it.each<['holder' | 'outer', string]>([
    ['holder', 'part'],
    ['outer', 'holder'],
  ])('is to lie there still, and that in turn: in its %s another %s is noticed', (where, key) => {
    const objects = held();
    const served = compiledWith(() => assumesHeld(objects.part));
    expect(served()).toBe(true);
    objects[where][key] = {};
    expect(served()).toBe(false);
  });

  it('is noticed where it is a tensor that the call meets', () => {
    const holder = { scale: tensor([2], { dtype: 'float32' }) };
    notePart(holder.scale, holder);
    const scaled = compile((x: Tensor) => x.mul(holder.scale), { check: false });
    for (let i = 0; i < 3; i++) expect(scaled(ones(1)).tolist()).toEqual([2]);
    holder.scale = tensor([5], { dtype: 'float32' });
    expect(scaled(ones(1)).tolist()).toEqual([5]);
  });

  it('is not asked for again where the object tells of its properties', () => {
    const { part, holder } = held();
    const served = compiledWith(() => {
      tellsOnce(holder);
      assumesHeld(part);
    });
    holder.part = {};
    expect(served()).toBe(true);
  });

  it('stands for itself where nothing holds it', () => {
    const { part, holder } = held();
    holder.part = null;
    expect(compiledWith(() => assumesHeld(part))()).toBe(true);
    expect(compiledWith(() => assumesHeld({}))()).toBe(true);
  });

  it('is an object, as that is which holds it', () => {
    expect(() => notePart(1 as never, {})).toThrow(
      /^notePart: part: expected an object or a function, got 1/,
    );
    expect(() => notePart({}, null as never)).toThrow(
      /^notePart: holder: expected an object or a function, got null/,
    );
    const told = compile((x: Tensor) => (tellsOnce('x' as never) ? x : x.mul(2)));
    expect(() => told(ones(1))).toThrow(/^tellsOnce: what: expected an object or a function, got "x"/);
  });
});
