import { manualSeed } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { examples, forwards } from './nets.ts';
import { failuresOf } from './run.ts';

for (const [what, cases] of Object.entries({ 'the nets of the examples': examples, forwards })) {
  describe(`${what} give in onnxruntime what they give here, for two sizes of the batch`, () => {
    it.each(Object.keys(cases))('%s', async (name) => {
      manualSeed(1);
      const make = cases[name];
      expect(make && (await failuresOf(make()))).toEqual([]);
    });
  });
}
