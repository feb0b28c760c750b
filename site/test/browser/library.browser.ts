/** The library itself in pages: in the main thread and in a worker, isolated or not, under a strict policy. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Outcome } from './library/train.ts';
import { open } from './support/page.ts';
import { hosts, serve } from './support/serve.ts';

const policy = {
  'Content-Security-Policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:; worker-src 'self' blob:",
};
const tried = {
  'not isolated': hosts.plain,
  isolated: hosts.isolated,
  'under a policy': { base: '/', headers: policy },
  'isolated, under a policy': { base: '/', headers: { ...hosts.isolated.headers, ...policy } },
};

const folder = mkdtempSync(join(tmpdir(), 'kindling-page-'));
const served = new Map<string, { url: string; server: Server }>();

beforeAll(async () => {
  const here = join(import.meta.dirname, 'library');
  await build({
    entryPoints: [join(here, 'page.ts'), join(here, 'worker.ts')],
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
  });
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Training</title><script type="module" src="page.js"></script></html>',
  );
  for (const [name, host] of Object.entries(tried)) served.set(name, await serve(folder, host));
});

afterAll(() => {
  for (const { server } of served.values()) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function outcome(name: string, where: string): Promise<Outcome> {
  const page = await open(`${served.get(name)?.url}?in=${where}`);
  return JSON.parse((await page.locator('#outcome').textContent({ timeout: 20_000 })) ?? '');
}

const cases = Object.keys(tried).flatMap((name) => ['page', 'worker'].map((where) => [name, where] as const));

const bits = new Set<string>();

it.each(cases)('trains, %s, in the %s', async (name, where) => {
  const { loss, weights, product, isolated, threads, ...rest } = await outcome(name, where);
  expect(loss).toBeLessThan(0.01);
  expect(rest.where).toBe(where);
  expect(isolated).toBe(name.startsWith('isolated'));
  expect(threads).toBeGreaterThanOrEqual(1);
  bits.add(JSON.stringify({ loss, weights, product }));
});

it('comes to the same bits everywhere', () => {
  expect(bits.size).toBe(1);
});
