import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const real = WebAssembly;

/** A copy of the library that has compiled nothing yet. */
const fresh = () => import('../../src/index.ts');

beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllGlobals());

/** WebAssembly whose compiler throws. */
function compilerThrows(error: Error): void {
  class Module {
    constructor() {
      throw error;
    }
  }
  vi.stubGlobal('WebAssembly', {
    Memory: real.Memory,
    Instance: real.Instance,
    validate: real.validate,
    Module,
  });
}

it.each([
  new real.CompileError('WebAssembly.Module(): Wasm code generation disallowed by embedder'),
  new real.CompileError('call to WebAssembly.Module() blocked by CSP'),
  new EvalError(
    "Refused to create a WebAssembly object because 'unsafe-eval' is not an allowed source of script",
  ),
])('a policy that forbids WebAssembly is named, with what to add: %s', async (cause) => {
  compilerThrows(cause);
  const { add, KindlingError, tensor } = await fresh();
  const call = () => add(tensor([1, 2]), 1);
  expect(call).toThrow(KindlingError);
  expect(call).toThrow(/Content-Security-Policy forbids: add 'wasm-unsafe-eval' to its script-src/);
  expect(call).toThrow(cause.message);
});

it('an engine without SIMD is told apart from a policy', async () => {
  compilerThrows(new real.CompileError('invalid opcode 0xfd'));
  vi.stubGlobal('WebAssembly', { ...WebAssembly, validate: () => false });
  const { add, KindlingError, tensor } = await fresh();
  const call = () => add(tensor([1, 2]), 1);
  expect(call).toThrow(KindlingError);
  expect(call).toThrow(/WebAssembly SIMD, which this JavaScript engine lacks/);
});

it('where there is no WebAssembly the library can be imported, and an operation says what is lacking', async () => {
  vi.stubGlobal('WebAssembly', undefined);
  const { add, KindlingError, tensor } = await fresh();
  const x = tensor([1, 2]);
  expect(() => add(x, 1)).toThrow(KindlingError);
  expect(() => add(x, 1)).toThrow(/lacks or has switched off/);
});

it('one failure is no lasting damage: the operation works as soon as the compiler does', async () => {
  compilerThrows(new real.CompileError('blocked by CSP'));
  const { add, tensor } = await fresh();
  expect(() => add(tensor([1, 2]), 1)).toThrow();
  vi.unstubAllGlobals();
  expect(add(tensor([1, 2]), 1).toArray()).toEqual([2, 3]);
});
