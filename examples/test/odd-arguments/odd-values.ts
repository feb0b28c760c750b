/** Values that do not belong where they are put. */
import { ones, tensor } from '@kindling/core';
import { vi } from 'vitest';

/** The library loaded a second time, as where two versions of it are installed. */
let foreign: unknown;
export async function loadAnotherCopy(): Promise<unknown> {
  vi.resetModules();
  const copy = await import('@kindling/core');
  foreign = copy.ones([2, 2]);
  return foreign;
}

/** A list in a list, 100,000 deep. */
export const deep = ((): unknown[] => {
  let list: unknown[] = [];
  for (let i = 0; i < 100_000; i++) list = [list];
  return list;
})();
/** A list that holds itself. */
export const cyclic: unknown[] = [];
cyclic.push(cyclic);
const itself: Record<string, unknown> = {};
itself.itself = itself;

/** Whatever is asked of it throws. */
const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};

/** Each by a function: a call may change what it gets. */
export const oddValues: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  'a string': () => 'zz',
  'an empty string': () => '',
  'a boolean': () => true,
  'a number': () => 7,
  'a negative number': () => -9,
  'a fraction': () => 0.5,
  'a large number': () => 2 ** 53,
  NaN: () => Number.NaN,
  infinity: () => Number.POSITIVE_INFINITY,
  'an empty array': () => [],
  'an array of strings': () => ['a'],
  'an array of NaN': () => [Number.NaN],
  'an array of fractions': () => [0.5, 1.5],
  'an array of undefined': () => [undefined],
  'a cyclic array': () => cyclic,
  'a deep array': () => deep,
  'a function': () => () => 1,
  'a class': () => class Zebra {},
  'a BigInt': () => 10n,
  'a symbol': () => Symbol('s'),
  'an empty object': () => ({}),
  'an object': () => ({ zebra: 1 }),
  'a cyclic object': () => itself,
  'an object without prototype': () => Object.create(null),
  'a Map': () => new Map([['zebra', 1]]),
  'a Date': () => new Date(0),
  'a Promise': () => Promise.resolve(1),
  'a typed array': () => new Float32Array(2),
  'a tensor': () => tensor([0.5, 0.25, 0.75, 1, 2]),
  'a tensor of NaN': () => tensor([Number.NaN]),
  'a tensor of 0 dims': () => tensor(0.5),
  'an empty tensor': () => ones([0]),
  'an int32 tensor': () => tensor([[1, 2, 99]], { dtype: 'int32' }),
  'a tensor of another copy': () => foreign,
  'a Proxy of a tensor': () => new Proxy(ones([2]), {}),
  'a Proxy that was revoked': () => revoked({}),
  'a list that was revoked': () => revoked([1]),
  'a function that was revoked': () => revoked(() => 1),
  'a list of what was revoked': () => [revoked({})],
  'an array with holes': () => new Array(3),
  'a bool tensor': () => tensor([[true, false]]),
};
