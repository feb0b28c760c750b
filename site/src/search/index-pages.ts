/**
 * What of a built page is searched, and with which weights: as HTML for pagefind, which the pages as served need not
 * be.
 */

interface IndexedPage {
  readonly url: string;
  readonly content: string;
}

/** What a page says, without its bar and its lists of pages. */
const mainOf = (html: string): string | undefined => /<main\b[^>]*>([\s\S]*)<\/main>/.exec(html)?.[1];

const text = (html: string): string => html.replace(/<[^>]*>/g, '').trim();

const attribute = (value: string): string => value.replace(/[&"<]/g, (c) => `&#${c.charCodeAt(0)};`);

/** The page as pagefind reads it; undefined where there is nothing to find. */
export function indexedPage(path: string, html: string): IndexedPage | undefined {
  // Sources stand behind the pages that describe them.
  if (path === '404.html' || path.startsWith('reference/source/')) return undefined;
  const content = path.startsWith('reference/') ? symbolPage(html) : guidePage(path, html);
  return content === undefined ? undefined : { url: `/${path}`, content };
}

/**
 * A page of the reference: its name weighs most, and lists of names are left out, which stand on pages of their own.
 */
function symbolPage(html: string): string | undefined {
  const body = mainOf(html)?.replaceAll('<wbr/>', '');
  const heading = body === undefined ? undefined : /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(body)?.[1];
  if (body === undefined || heading === undefined) return undefined;
  const [, kind = '', name = ''] = /^(\S+(?: Alias)?) (.*)$/.exec(text(heading)) ?? ['', '', text(heading)];
  const title = name.replace(/(?:<|&lt;).*$/, '').replace(/\(.*$/, '');
  const path = [...body.matchAll(/<li><a href="[^"]+">([^<]*)<\/a><\/li>/g)].map(([, part = '']) => part);
  const owner = path.slice(0, 1).concat(path.slice(1, -1)).join(' ');
  const described = owner === '' || owner === title ? kind : `${kind} of ${owner}`;
  return document(
    title,
    described,
    body.replace(/<h1[\s\S]*?<\/h1>/, `<h1 data-pagefind-weight="10">${attribute(title)}</h1>`),
  );
}

function guidePage(path: string, html: string): string | undefined {
  const main = mainOf(html) ?? /<body[^>]*>([\s\S]*)<\/body>/.exec(html)?.[1];
  if (main === undefined) return undefined;
  const body = main.replace(/<(script|style|svg)\b[\s\S]*?<\/\1>/g, '');
  const title = text(
    /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(body.replace(/<a class="header-anchor"[\s\S]*?<\/a>/g, ''))?.[1] ?? '',
  );
  const kind = path.startsWith('losses/') ? 'Loss' : 'Guide';
  return document(title || text(/<title>([\s\S]*?)<\/title>/.exec(html)?.[1] ?? path), kind, body);
}

const document = (title: string, kind: string, body: string): string =>
  `<!doctype html><html lang="en"><head><title>${attribute(title)}</title></head><body data-pagefind-body>
<i hidden data-pagefind-meta="title:${attribute(title)}"></i><i hidden data-pagefind-meta="kind:${attribute(kind)}"></i>${body}</body></html>`;

/** What stands in pages and is no text of theirs. */
export const notSearched = [
  '.tsd-breadcrumb',
  '.tsd-index-group',
  '.tsd-anchor-icon',
  '.tsd-tag',
  '.tsd-hierarchy',
  '.k-inherited',
  '.header-anchor',
  '.lang',
  '.VPDocFooter',
  '.VPLocalNav',
  'button',
  'mjx-assistive-mml',
];
