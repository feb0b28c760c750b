import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const canTry = Number.parseInt(process.versions.node, 10) >= 26 && process.arch === 'x64';

const program = `
  import { compile, noGrad, randn, setNumThreads, softmax } from '@kindling/core';
  import { useWideVectors } from '@kindling/core/node';
  const { enabled } = useWideVectors();
  setNumThreads(1);
  console.log(enabled ? 'enabled' : 'left');
  const x = randn([64, 100]);
  for (const f of [() => x.tanh(), () => x.exp().mul(x), () => x.pow(1.7), () => softmax(x, 1)]) {
    const program = compile(() => noGrad(f));
    for (let call = 0; call < 3; call++) program();
  }
`;

/** The functions of kernels in which V8 joined vectors; `null` where wide vectors are not used. */
function joined(): Set<string> | null {
  // V8 drops what a pipe does not take at once.
  const folder = mkdtempSync(join(tmpdir(), 'kindling-'));
  const path = join(folder, 'trace');
  const file = openSync(path, 'w');
  const atOnce = ['--no-liftoff', '--no-wasm-lazy-compilation', '--no-wasm-inlining'];
  const flags = ['--trace-wasm-revectorize', ...atOnce, '--single-threaded', '--input-type=module'];
  const { stderr } = spawnSync(process.execPath, [...flags, '-e', program], {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
    stdio: ['ignore', file, 'pipe'],
  });
  closeSync(file);
  const trace = readFileSync(path, 'utf8');
  rmSync(folder, { recursive: true });
  expect(stderr).toBe('');
  if (!trace.includes('enabled')) return null;
  const names = new Set<string>();
  let name = '';
  for (const line of trace.split('\n')) {
    name = /^Begin revec function (.*)$/.exec(line)?.[1] ?? name;
    if (line.includes('Decided to vectorize')) names.add(name);
  }
  return names;
}

test.runIf(canTry)('by wide vectors V8 joins those of kernels over elements, eager and in programs', () => {
  const names = joined();
  if (names === null) return;
  expect([...names]).toEqual(expect.arrayContaining(['tanh', 'exp', 'exp + mul', 'pow', 'softmax']));
});
