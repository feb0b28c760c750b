/** What a page asks for before anybody touches it, and what it weighs as hosts send it. */
import { brotliCompressSync } from 'node:zlib';
import type { Page } from 'playwright-core';

export interface Load {
  readonly path: string;
  readonly bytes: number;
}

/** Notes what a page asks for from now on; what is returned weighs it, compressed as hosts compress. */
export function noteLoads(page: Page): () => Promise<Load[]> {
  const addresses = new Set<string>();
  page.context().on('request', (request) => addresses.add(request.url()));
  return () =>
    Promise.all(
      [...addresses]
        .filter((address) => address.startsWith('http'))
        .map(async (address) => {
          const body = await (await fetch(address)).arrayBuffer();
          return { path: new URL(address).pathname, bytes: brotliCompressSync(Buffer.from(body)).length };
        }),
    );
}

export const sum = (loads: readonly Load[]): number => loads.reduce((total, { bytes }) => total + bytes, 0);
