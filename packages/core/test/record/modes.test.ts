/** What the functions take that run others in a mode. */
import { describe, expect, it } from 'vitest';
import {
  autograd,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  noGrad,
  setGradEnabled,
  ValueError,
} from '../../src/index.ts';

type Run = (...args: unknown[]) => unknown;
const modes = {
  noGrad: (...args) => (noGrad as Run)(...args),
  enableGrad: (...args) => (enableGrad as Run)(...args),
  inferenceMode: (...args) => (inferenceMode as Run)(...args),
  setGradEnabled: (...args) => (setGradEnabled as Run)(true, ...args),
  detectAnomaly: (...args) => (autograd.detectAnomaly as Run)(...args),
} satisfies Record<string, Run>;

describe.each(Object.entries<Run>(modes))('%s', (name, run) => {
  it('gives what the function gives', () => {
    expect(run(() => 5)).toBe(5);
    expect(run(() => 5, undefined)).toBe(5);
  });

  it('refuses what is no function, and what is too much, before it runs anything', () => {
    let ran = 0;
    for (const no of [undefined, null, 1, 'fn', {}]) expect(() => run(no)).toThrow(new RegExp(`^${name}: `));
    expect(() => run(() => ran++, 1)).toThrow(ValueError);
    expect(() => run(() => ran++, 1)).toThrow(new RegExp(`^${name}: `));
    expect(ran).toBe(0);
    expect(isGradEnabled()).toBe(true);
  });
});
