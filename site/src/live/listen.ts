/** Lets the page's messages reach what was built into a worker; a program that never ends has it stand before it. */
import { deliver, sendToPage } from './page.ts';
import type { ToWorker } from './protocol.ts';

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'page') deliver(data.message);
});
self.addEventListener('unhandledrejection', ({ reason }) => {
  const { name, message } = reason instanceof Error ? reason : new Error(String(reason));
  sendToPage({ kind: 'failed', failure: { name, message } });
});
