/** Lets the page's messages reach the program of the landing page; it stands before it, which never ends. */
import { deliver, sendToPage } from '../live/page.ts';
import type { ToWorker } from '../live/protocol.ts';

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'page') deliver(data.message);
});
self.addEventListener('unhandledrejection', ({ reason }) => {
  const { name, message } = reason instanceof Error ? reason : new Error(String(reason));
  sendToPage({ kind: 'failed', failure: { name, message } });
});
