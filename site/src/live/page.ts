/** The way from the worker to its page, for the worker and for modules of a page that programs import. */
import type { FromWorker } from './protocol.ts';

type Listener = (message: unknown) => void;

const listeners = new Set<Listener>();
const waiting: unknown[] = [];

export function sendToPage(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

/** Sends a message of a page's module. */
export function postToPage(message: unknown, transfer: Transferable[] = []): void {
  sendToPage({ kind: 'page', message }, transfer);
}

/** Hears what the page says, what came before too. */
export function onPageMessage(listener: Listener): void {
  listeners.add(listener);
  for (const message of waiting.splice(0)) listener(message);
}

export function deliver(message: unknown): void {
  if (listeners.size === 0) waiting.push(message);
  for (const listener of listeners) listener(message);
}
