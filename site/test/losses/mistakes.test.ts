import { describe, expect, it } from 'vitest';
import { words } from '../../src/losses/content/index.ts';
import { lossNames } from '../../src/losses/families.ts';
import { programOf, saidBy } from '../../src/losses/mistakes.ts';

describe.each(lossNames)('the mistakes of %s', (name) => {
  const mistakes = words[name].mistakes.map((mistake) => [mistake.title, mistake] as const);

  it.each(mistakes)('%s: Kindling notices', async (_, mistake) => {
    const said = await saidBy(programOf(mistake, 'wrong'));
    expect(said?.message).toBeTruthy();
    // An error of JavaScript's own would be a mistake of the example.
    expect(said?.kind).toMatch(/^(Warning|KindlingError|ShapeError|DTypeError|ValueError|IndexError)$/);
  });

  it.each(mistakes)('%s: what is shown as right is', async (_, mistake) => {
    expect(await saidBy(programOf(mistake, 'right'))).toBeUndefined();
  });
});
