/** A `Blob`, of which no more is named than that, so that no declaration needs a browser's types. */
export interface BlobLike {
  /** Its bytes. */
  readonly size: number;
  /** Gives them. */
  arrayBuffer(): Promise<ArrayBuffer>;
}
