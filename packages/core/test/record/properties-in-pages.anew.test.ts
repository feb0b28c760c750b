import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => vi.unstubAllGlobals());

/** How often code is made of text where a program takes the properties of an object for given, and whether it follows them. */
async function made(): Promise<[texts: number, follows: boolean]> {
  vi.resetModules();
  const { assumesValues, compile, ones } = await import('../../src/index.ts');
  const texts: unknown[] = [];
  // biome-ignore lint/complexity/useArrowFunction: `new` takes no arrow function
  const make = vi.fn(function (...text: string[]): unknown {
    texts.push(text);
    return Reflect.construct(FunctionItself, text);
  });
  const FunctionItself = Function;
  vi.stubGlobal('Function', make);
  const object = { factor: 2 };
  const step = compile((x: ReturnType<typeof ones>) => {
    assumesValues('the object', object);
    return x.mul(object.factor);
  });
  const results = [2, 2, 2, 3, 3, 3].map((factor) => {
    object.factor = factor;
    return step(ones(1)).item();
  });
  return [texts.length, String(results) === '2,2,2,3,3,3'];
}

it.each(['document', 'importScripts'])(
  'where there is %s no code is made, which a policy may forbid',
  async (name) => {
    vi.stubGlobal(name, {});
    expect(await made()).toEqual([0, true]);
  },
);

it('elsewhere there is code for the names', async () => {
  const [texts, follows] = await made();
  expect([texts > 0, follows]).toEqual([true, true]);
});
