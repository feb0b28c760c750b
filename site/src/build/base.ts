/**
 * Lets a built folder be served under any path. VitePress writes a base into what it builds; here that is a word that
 * stands for it, which is replaced by relative addresses in pages and styles, and in scripts by what a page finds when
 * it opens.
 */
import { posix } from 'node:path';
import { parse } from 'acorn';
import { simple } from 'acorn-walk';

export const placeholderBase = '/__kindling_base__/';

/** Where scripts find the base; workers have none and need none, since they import by relative addresses. */
const variable = "(globalThis.__kindlingBase??'/')";

/** A script with the placeholder replaced by what the page has found. */
export function scriptWithBase(code: string): string {
  if (!code.includes(placeholderBase)) return code;
  const edits: { start: number; end: number; text: string }[] = [];
  const visit = (start: number, end: number, write: (parts: string[]) => string): void => {
    const raw = code.slice(start, end);
    if (raw.includes(placeholderBase)) edits.push({ start, end, text: write(raw.split(placeholderBase)) });
  };
  simple(parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowReturnOutsideFunction: true }), {
    Literal: ({ start, end, value }) => {
      if (typeof value !== 'string') return;
      const quote = code[start] ?? '"';
      visit(start, end, (parts) => `(${parts.join(`${quote}+${variable}+${quote}`)})`);
    },
    TemplateElement: ({ start, end }) => visit(start, end, (parts) => parts.join(`\${${variable}}`)),
  });
  let out = code;
  for (const { start, end, text } of edits.sort((a, b) => b.start - a.start))
    out = out.slice(0, start) + text + out.slice(end);
  return out;
}

/** The way from a page to the folder of the site: `../` for `losses/x.html`. */
const wayUp = (page: string): string => posix.relative(posix.dirname(page), '.') || '.';

/**
 * Makes the addresses of links and pictures whole while the page is where it was opened: when a link is followed
 * without loading the page anew, what stays of it (the bar at the top, the side) would lead elsewhere.
 */
const makeWhole =
  'for(const e of document.querySelectorAll(\'a[href^="."],img[src^="."],link[rel=icon][href^="."]\'))' +
  "for(const n of['href','src']){const a=e.getAttribute(n);if(a)e.setAttribute(n,new URL(a,location.href).href)}";

/** A page whose addresses are relative, and which tells its scripts where they are. */
export function pageWithBase(html: string, page: string): string {
  const up = `${wayUp(page)}/`;
  const find = `globalThis.__kindlingBase=new URL(${JSON.stringify(up)},location.href).pathname`;
  return html
    .replace(/<script(?![^>]*\bsrc=)([^>]*)>([\s\S]*?)<\/script>/g, (_, attributes: string, code: string) =>
      /json/.test(attributes)
        ? `<script${attributes}>${code}</script>`
        : `<script${attributes}>${scriptWithBase(code)}</script>`,
    )
    .replaceAll(placeholderBase, up)
    .replace(/<head>/, `<head><script>${find}</script>`)
    .replace(/<\/body>/, `<script>${makeWhole}</script></body>`);
}

/** A page that stands for any address, as that of an error does, cannot know the way: it takes the root of the host. */
export const rootedPage = (html: string): string =>
  html
    .replaceAll(placeholderBase, '/')
    .replace(/<head>/, "<head><script>globalThis.__kindlingBase='/'</script>");

/** A style sheet beside what it names. */
export const styleWithBase = (css: string, path: string): string =>
  css.replaceAll(placeholderBase, `${wayUp(path)}/`);
