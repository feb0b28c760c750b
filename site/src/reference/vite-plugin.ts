import { createReadStream, existsSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { Plugin } from 'vitepress';
import { addAssets, makeReference, referenceThere } from './cache.ts';
import { SymbolTable } from './symbols.ts';

let known: { folder: string; table: SymbolTable } | undefined;

/** The names of the reference that is there. */
export function symbolTable(): SymbolTable | undefined {
  if (known === undefined) {
    const folder = referenceThere();
    if (folder === undefined) return undefined;
    known = {
      folder,
      table: new SymbolTable(JSON.parse(readFileSync(join(folder, 'symbols.json'), 'utf8'))),
    };
  }
  return known.table;
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/**
 * Has the reference made before a build renders pages; the development server makes it in the background, and serves
 * it.
 */
export function referencePlugin(): Plugin {
  return {
    name: 'kindling-reference',
    async config(_config, { command }) {
      if (command === 'build') await makeReference();
    },
    configureServer({ middlewares, config }) {
      makeReference()
        .then(addAssets)
        .then(
          () => {
            known = undefined;
          },
          (error: unknown) => config.logger.error(`the reference could not be made: ${error}`),
        );
      middlewares.use('/reference', (request, response) => serveReference(request.url ?? '/', response));
    },
  };
}

function serveReference(url: string, response: ServerResponse): void {
  const path = decodeURIComponent(new URL(url, 'http://host').pathname);
  const folder = referenceThere();
  const file = folder && join(folder, path === '/' ? 'index.html' : path);
  response.setHeader('Cache-Control', 'no-store');
  if (file !== undefined && existsSync(file)) {
    response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
    return;
  }
  response.statusCode = folder === undefined ? 503 : 404;
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  const text =
    folder === undefined
      ? 'The reference is being made from the sources; this takes a minute or two. Then load this page again.'
      : 'The reference has no such page. It is made anew when the development server starts.';
  response.end(`<!doctype html><title>Reference</title><p>${text}</p>`);
}
