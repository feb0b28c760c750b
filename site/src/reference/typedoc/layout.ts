/**
 * The frame of a page of the reference: typedoc's, with the site's bar, in landmarks, and without scripts in the page.
 */
import { siteLinks } from './site-links.ts';

interface Module {
  readonly name: string;
  readonly url: string;
}

interface Frame {
  readonly title: string;
  readonly content: string;
  readonly onThisPage: string;
  /** From the page to the folder of the reference. */
  readonly home: string;
}

const styles = ['style', 'site'];

/** The head of a page, which has the site's appearance from the first. */
export const head = (title: string, home: string, scripts = ''): string =>
  `<head><meta charset="utf-8"><title>${escaped(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" type="image/svg+xml" href="${home}../favicon.svg">
${styles.map((name) => `<link rel="stylesheet" href="${home}assets/${name}.css">`).join('')}
<script src="${home}assets/appearance.js"></script>${scripts}</head>`;

/** What leads from the bar to the front page. */
export const brand = (home: string): string =>
  `<a href="${home}../index.html" class="title"><img src="${home}../favicon.svg" width="24" height="24" alt="">Kindling</a>`;

export function layout({ title, content, onThisPage, home }: Frame): string {
  const links = siteLinks().map(({ text, path }) => `<a href="${home}${path}">${text}</a>`);
  const scripts = `<script defer src="${home}assets/main.js"></script><script type="module" src="${home}assets/page.js"></script>`;
  return `<html class="default" lang="en" data-base="${home}">${head(title, home, scripts)}
<body><header class="tsd-page-toolbar"><div class="tsd-toolbar-contents container">${brand(home)}
<nav id="tsd-toolbar-links" aria-label="Site">${links.join('')}</nav>
<button type="button" class="tsd-widget k-search-button" aria-keyshortcuts="Control+K /" aria-label="Search"></button>
<button type="button" class="tsd-widget k-appearance" aria-label="Dark theme" aria-pressed="false"></button>
<a href="#" role="button" class="tsd-widget menu" id="tsd-toolbar-menu-trigger" data-toggle="menu" aria-label="Menu"></a></div></header>
<div class="container container-main"><main class="col-content">${content}</main>
<aside class="col-sidebar" aria-label="Contents"><div class="page-menu">${onThisPage}</div>
<div class="site-menu"><nav class="tsd-navigation k-names" aria-label="Reference"><a href="${home}index.html">Reference</a><ul></ul></nav></div></aside></div>
<div class="overlay"></div></body></html>`;
}

/** The first page: what there is to import. */
export function overview(modules: readonly Module[], descriptionOf: (name: string) => string): string {
  const items = modules.map(
    ({ name, url }) => `<li><a href="${url}">${name}</a><p>${withCode(descriptionOf(name))}</p></li>`,
  );
  return `<h1>Reference</h1><p>What each package exports, from the comments in its sources.</p><ul class="k-packages">${items.join('')}</ul>`;
}

const withCode = (text: string): string => escaped(text).replace(/`([^`]*)`/g, '<code>$1</code>');

export const escaped = (text: string): string => text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * typedoc's headings skip levels, and stand as links in what unfolds. Small ones become what they are, words before a
 * text; what folds keeps its words only.
 */
export function accessible(html: string): string {
  return lean(html)
    .replace(/<summary\b[\s\S]*?<\/summary>/g, (summary) =>
      summary
        .replace(/<a\b[^>]*class="tsd-anchor-icon"[^>]*><\/a>/g, '')
        .replace(/<h([35])\b/g, '<span')
        .replace(/<\/h[35]>/g, '</span>'),
    )
    .replace(/<h[345](?= class="tsd-index-heading)/g, '<div')
    .replace(
      /<h4 class="tsd-anchor-link" id="[^"]*">(\w+)<a\b[^>]*><\/a><\/h4>/g,
      '<div class="k-h4">$1</div>',
    )
    .replace(
      /<h[45](?: class="([^"]*)")?/g,
      (_, classes: string | undefined) => `<div class="${['k-h4', classes].join(' ').trim()}"`,
    )
    .replace(/(<div class="tsd-index-heading[^>]*>[\s\S]*?)<\/h[35]>/g, '$1</div>')
    .replace(/<\/h[45]>/g, '</div>');
}

/**
 * Eighteen hundred pages repeat what a style sheet can draw, or what says nothing: signs at headings, icons, plain
 * colours.
 */
const lean = (html: string): string =>
  html
    .replace(/<svg[^>]*><use href="[^"]*#icon-(?:anchor|chevronDown)"><\/use><\/svg>/g, '')
    .replace(/<svg class="tsd-kind-icon"[^>]*>[\s\S]*?<\/svg>/g, '')
    .replace(/<span class="(?:tsd-signature-symbol|hl-0)">([^<]*)<\/span>/g, '$1');
