/** What the page asks of a program, told to whom it concerns. */
import { onPageMessage } from '../live/page.ts';
import type { Request } from './protocol.ts';

type Kind = Request['kind'];
type Of<K extends Kind> = Extract<Request, { kind: K }>;

const hearers = new Map<Kind, ((request: Request) => void)[]>();

export function onRequest<K extends Kind>(kind: K, hear: (request: Of<K>) => void): void {
  const heard = (request: Request): void => hear(request as Of<K>);
  hearers.set(kind, [...(hearers.get(kind) ?? []), heard]);
}

/** Begins to hear, what came before too: called once, when all who hear are there. */
export function hearRequests(): void {
  onPageMessage((message) => {
    const request = message as Request;
    for (const hear of hearers.get(request.kind) ?? []) hear(request);
  });
}
