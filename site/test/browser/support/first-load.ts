/** What a page asks for before anybody touches it, and what it weighs as hosts send it. */
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';

export interface Load {
  readonly path: string;
  /** Bytes as hosts send them that compress the least. */
  readonly gzip: number;
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
          const body = Buffer.from(await (await fetch(address)).arrayBuffer());
          return { path: new URL(address).pathname, gzip: gzipSync(body).length };
        }),
    );
}

export const sum = (loads: readonly Load[]): number => loads.reduce((total, { gzip }) => total + gzip, 0);
