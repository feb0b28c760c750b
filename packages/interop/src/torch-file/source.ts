/** The URL of a file: a `URL`, of which no more is named than that, so that no declaration needs a browser's or Node's types. */
export interface FileURL {
  /** The URL as text. */
  readonly href: string;
  /** What stands behind its question mark. */
  readonly searchParams: object;
}

/** A `Blob`, likewise. */
export interface BlobLike {
  /** Its bytes. */
  readonly size: number;
  /** Gives them. */
  arrayBuffer(): Promise<ArrayBuffer>;
}
