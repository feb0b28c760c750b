import { expect, it } from 'vitest';
import { placeOf } from '../../src/live/markdown.ts';

it('a block that begins with an import starts a program, and those after it continue it', () => {
  const blocks = ["import 'a';", 'b();', "import 'c';", 'd();', 'e();'];
  const places = blocks.map((_, i) => placeOf(blocks.slice(0, i + 1)));
  expect(places.map(({ program, block }) => [program, block])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [1, 2],
  ]);
});

it('the first block starts one in any case', () => {
  expect(placeOf(['a();'])).toEqual({ program: 0, block: 0 });
});
