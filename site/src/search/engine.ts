/** What pagefind finds, in the order in which readers want it. */

/** A place in the site. */
export interface Place {
  readonly url: string;
  readonly title: string;
  /** A piece of the text as HTML, with the words that were found in `<mark>`. */
  readonly excerpt: string;
}

export interface Hit extends Place {
  /** What the page is: `Guide`, `Class of @kindling/nn`. */
  readonly kind: string;
  /** The sections that fit best. */
  readonly sections: readonly Place[];
}

interface PagefindData {
  readonly url: string;
  readonly excerpt: string;
  readonly meta: Readonly<Record<string, string | undefined>>;
  readonly sub_results: readonly Place[];
}

interface Pagefind {
  options(options: { excerptLength?: number }): Promise<void>;
  search(query: string): Promise<{ results: readonly { data(): Promise<PagefindData> }[] }>;
}

/** How many pages are read for one search. */
const most = 24;

export class Engine {
  #pagefind: Promise<Pagefind> | undefined;
  readonly #bundle: URL;

  /** @param bundle the folder that pagefind wrote; it is read at the first search */
  constructor(bundle: URL) {
    this.#bundle = bundle;
  }

  async search(query: string): Promise<Hit[]> {
    const { owner, name } = parseQuery(query);
    if (name === '') return [];
    this.#pagefind ??= this.#load();
    // What could not be loaded is tried anew with the next letter.
    const pagefind = await this.#pagefind.catch((error: unknown) => {
      this.#pagefind = undefined;
      throw error;
    });
    const { results } = await pagefind.search(name);
    const pages = await Promise.all(results.slice(0, most).map((result) => result.data()));
    return pages
      .map((page, place) => ({ page, place, fit: fitOf(page, owner, name) }))
      .sort((a, b) => b.fit - a.fit || a.place - b.place)
      .map(({ page }) => toHit(page));
  }

  async #load(): Promise<Pagefind> {
    const pagefind: Pagefind = await import(/* @vite-ignore */ new URL('pagefind.js', this.#bundle).href);
    await pagefind.options({ excerptLength: 24 });
    return pagefind;
  }
}

/** `nn.Linear` asks for Linear in nn, `manualSeed(0)` for manualSeed; other words stand as they are. */
export function parseQuery(query: string): { owner: string; name: string } {
  const code = /^\s*(?:new\s+)?(?:([\w$.]+)\.)?([\w$]+)\s*(?:\(.*)?$/.exec(query);
  if (code === null) return { owner: '', name: query.trim() };
  const [, owner = '', name = ''] = code;
  return { owner: owner.split('.').at(-1) ?? '', name };
}

/** A page whose title is what was asked for stands before those that only have the word. */
function fitOf({ url, meta }: PagefindData, owner: string, name: string): number {
  const { title = '' } = meta;
  const same = title === name ? 4 : title.toLowerCase() === name.toLowerCase() ? 2 : 0;
  return same + (owner !== '' && url.includes(`/${owner}/`) ? 1 : 0);
}

function toHit({ url, excerpt, meta, sub_results }: PagefindData): Hit {
  // The first section is often the page itself.
  const sections = sub_results.filter((section) => section.url !== url).slice(0, 3);
  return { url, excerpt, title: meta.title ?? url, kind: meta.kind ?? '', sections };
}
