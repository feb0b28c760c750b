/**
 * The search over guides, losses and reference: a dialog with a field and a list of links. Made without a framework,
 * since pages of the reference have none.
 */
import { Engine, type Hit, type Place } from './engine.ts';

let opened: SearchDialog | undefined;

/**
 * Shows the search; `bundle` is the folder of its index, which is loaded when something is searched for. `null`: there
 * is none, which the dialog says.
 */
export function openSearch(bundle: URL | null): void {
  opened ??= new SearchDialog(bundle && new Engine(bundle));
  opened.show();
}

const markup = `
<form class="k-search-form" role="search">
  <input class="k-search-input" type="search" aria-label="Search guides, losses and reference" placeholder="Search guides and reference"
    autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="k-search-help" enterkeyhint="go">
  <button type="button" class="k-search-close">Close</button>
</form>
<p class="k-search-status" role="status"></p>
<ul class="k-search-results" aria-label="Results"></ul>
<p class="k-search-help" id="k-search-help"><kbd>&uarr;</kbd> <kbd>&darr;</kbd> to move, <kbd>Enter</kbd> to open, <kbd>Esc</kbd> to close</p>`;

class SearchDialog {
  readonly #engine: Engine | null;
  readonly #dialog = document.createElement('dialog');
  readonly #input: HTMLInputElement;
  readonly #status: HTMLElement;
  readonly #list: HTMLElement;
  /** Which search is the newest: answers of others come too late. */
  #asked = 0;

  constructor(engine: Engine | null) {
    this.#engine = engine;
    this.#dialog.className = 'k-search';
    this.#dialog.setAttribute('aria-label', 'Search');
    this.#dialog.innerHTML = markup;
    const part = <E extends HTMLElement>(name: string): E => {
      const found = this.#dialog.querySelector<E>(`.k-search-${name}`);
      if (found === null) throw new Error(`the search has no ${name}`);
      return found;
    };
    this.#input = part('input');
    this.#status = part('status');
    this.#list = part('results');
    this.#input.addEventListener('input', () => void this.#search());
    part('form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#links()[0]?.click();
    });
    part('close').addEventListener('click', () => this.#dialog.close());
    this.#dialog.addEventListener('keydown', (event) => this.#move(event));
    this.#dialog.addEventListener('click', ({ target }) => {
      const onBackdrop = target === this.#dialog;
      if (onBackdrop || (target instanceof Element && target.closest('a') !== null)) this.#dialog.close();
    });
    if (engine === null)
      this.#status.textContent = 'There is nothing to search while pages are written: build the site.';
    document.body.append(this.#dialog);
  }

  show(): void {
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#input.focus();
    this.#input.select();
  }

  #links(): HTMLAnchorElement[] {
    return [...this.#list.querySelectorAll('a')];
  }

  /** Up and down go through the field and the links. */
  #move(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    const stops: HTMLElement[] = [this.#input, ...this.#links()];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    stops[(Math.max(at, 0) + step + stops.length) % stops.length]?.focus();
    event.preventDefault();
  }

  async #search(): Promise<void> {
    if (this.#engine === null) return;
    const query = this.#input.value;
    const asked = ++this.#asked;
    try {
      const hits = await this.#engine.search(query);
      if (asked === this.#asked) this.#show(query, hits);
    } catch (error) {
      this.#list.replaceChildren();
      this.#status.textContent =
        'The search index could not be loaded: is it there, and does the connection hold? Type on to try again.';
      throw error;
    }
  }

  #show(query: string, hits: readonly Hit[]): void {
    this.#list.replaceChildren(...hits.map(resultOf));
    this.#list.scrollTop = 0;
    const count = hits.length === 1 ? '1 page' : `${hits.length} pages`;
    this.#status.textContent =
      query.trim() === '' ? '' : hits.length === 0 ? `Nothing found for ${query}` : count;
  }
}

function resultOf(hit: Hit): HTMLElement {
  const item = document.createElement('li');
  const link = linkTo(hit);
  const kind = document.createElement('span');
  kind.className = 'k-search-kind';
  kind.textContent = hit.kind;
  link.querySelector('.k-search-title')?.after(' ', kind);
  item.append(link);
  if (hit.sections.length === 0) return item;
  const sections = document.createElement('ul');
  for (const section of hit.sections) {
    const line = document.createElement('li');
    line.append(linkTo(section));
    sections.append(line);
  }
  item.append(sections);
  return item;
}

function linkTo({ url, title, excerpt }: Place): HTMLAnchorElement {
  const link = document.createElement('a');
  link.href = url;
  // VitePress takes other links for pages of its own.
  if (url.includes('/reference/')) link.target = '_self';
  const name = document.createElement('span');
  name.className = 'k-search-title';
  name.textContent = title;
  const text = document.createElement('span');
  text.className = 'k-search-excerpt';
  // pagefind escapes the text of the site's pages, and adds marks.
  text.innerHTML = excerpt;
  link.append(name, text);
  return link;
}
