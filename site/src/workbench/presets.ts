/** What a page with code can be begun from. */
export interface Preset {
  /** In the address, behind #. */
  readonly name: string;
  readonly title: string;
  /** What to look for. */
  readonly about: string;
  readonly code: string;
}
