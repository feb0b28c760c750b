/**
 * Serves the built site as hosts do: compressed, with isolation or without, at the root or below it, with a policy of
 * the host's own or none.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import compression from 'compression';
import sirv from 'sirv';

export interface Host {
  /** Where the folder is served. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const hosts = {
  /** A host that reads `_headers`. */
  isolated: {
    base: '/',
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  },
  /** A host that serves files, below its root, and nothing else. */
  plain: { base: '/some/base/', headers: {} },
  /** A host whose policy forbids to make code of text in workers as well. */
  strict: {
    base: '/',
    headers: {
      'Content-Security-Policy':
        "script-src 'self' 'wasm-unsafe-eval' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'",
    },
  },
} satisfies Record<string, Host>;

export type HostName = keyof typeof hosts;

export async function serve(
  folder: string,
  { base, headers }: Host,
): Promise<{ url: string; server: Server }> {
  const files = sirv(folder, {
    dev: false,
    setHeaders: (response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    },
  });
  const compress = compression() as unknown as (request: object, response: object, next: () => void) => void;
  const server = createServer((request, response) => {
    const missing = () => {
      response.statusCode = 404;
      response.end();
    };
    if (request.url?.startsWith(base) !== true) return missing();
    request.url = `/${request.url.slice(base.length)}`;
    return compress(request, response, () => files(request, response, missing));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${base}`, server };
}
