import { expect, test } from 'vitest';
import { compile, forkRng, manualSeed, rand, randn, type Tensor, tensor } from '../src/index.ts';

const draw = (): number[] => rand([2]).toArray() as number[];

test('what follows draws as if nothing had been drawn or seeded in it', () => {
  manualSeed(0);
  const whole = [draw(), draw()];
  manualSeed(0);
  const first = draw();
  const inner = forkRng(() => {
    manualSeed(1);
    randn([1]); // keeps a second number in waiting
    return forkRng(draw);
  });
  expect([first, draw()]).toEqual(whole);
  expect(inner).toHaveLength(2);
  manualSeed(0);
  expect(() =>
    forkRng(() => {
      draw();
      throw new Error('within');
    }),
  ).toThrow('within');
  expect(draw()).toEqual(whole[0]);
});

test('a compiled function draws in it as it does eagerly', () => {
  const step = (x: Tensor): Tensor => {
    const inner = forkRng(() => rand([2]));
    return x.add(inner).sub(rand([2]));
  };
  const compiled = compile(step);
  for (let call = 0; call < 5; call++) expect(compiled(tensor([1.5, 2])).toArray()).toEqual([1.5, 2]);
});

test('a promise is refused, and the stream put back', () => {
  manualSeed(0);
  const first = draw();
  manualSeed(0);
  expect(() => forkRng(async () => draw())).toThrow(
    'forkRng: the function must be synchronous, but it returned a Promise; keep getRngState() before it',
  );
  expect(draw()).toEqual(first);
});
