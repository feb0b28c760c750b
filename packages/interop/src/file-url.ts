/**
 * The URL of a file: a `URL`, of which no more is named than that, so that no declaration needs a browser's or Node's
 * types.
 */
export interface FileURL {
  /** The URL as text. */
  readonly href: string;
  /** What stands behind its question mark. */
  readonly searchParams: object;
}

/** The path that a name or URL of a file or folder stands for. */
export async function pathOf(place: string | FileURL): Promise<string> {
  if (typeof place === 'string') return place;
  const { fileURLToPath } = await import('node:url');
  return fileURLToPath(place.href);
}
