/** The worker in which a page's programs run: what they do cannot hold up the page, nor reach into it. */
import { PageConsole } from './console.ts';
import { deliver, sendToPage } from './page.ts';
import { importedNames, runProgram } from './program.ts';
import type { RunRequest, ToWorker } from './protocol.ts';
import { load } from './registry.ts';

async function run({ blocks, from }: RunRequest): Promise<void> {
  const console = new PageConsole((lines) => sendToPage({ kind: 'log', lines }));
  const require = await load(importedNames(blocks.join('\n')));
  // Warnings of the library go to the worker's own console.
  globalThis.console.warn = console.warn;
  const began = performance.now();
  const enterBlock = (block: number): void => {
    console.open = block >= from;
  };
  const failure = await runProgram(blocks, { require, console, enterBlock });
  console.flush();
  if (failure) sendToPage({ kind: 'failed', failure });
  else sendToPage({ kind: 'done', milliseconds: performance.now() - began });
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'run') void run(data);
  else deliver(data.message);
});
sendToPage({ kind: 'ready' });
