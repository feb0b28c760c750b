import {
  type Application,
  DefaultTheme,
  DefaultThemeRenderContext,
  JSX,
  PageEvent,
  type Reflection,
} from 'typedoc';
import { pageWithPolicy } from '../../build/policy.ts';
import type { Inherited } from './inherited.ts';
import { siteLinks } from './site-links.ts';

class KindlingContext extends DefaultThemeRenderContext {
  /** The site's own bar: a way back, its search, its appearance. */
  override toolbar = (): JSX.Element => {
    const links = siteLinks().map(({ text, path }) => <const>[text, this.relativeURL(path)]);
    const icon = (name: 'search' | 'menu'): string => JSX.renderElement(this.icons[name]());
    return raw(`<header class="tsd-page-toolbar"><div class="tsd-toolbar-contents container">
<a href="${this.relativeURL('../index.html')}" class="title">Kindling</a>
<nav id="tsd-toolbar-links" aria-label="Site">${links.map(([text, url]) => `<a href="${url}">${text}</a>`).join('')}</nav>
<button type="button" class="tsd-widget k-search-button" aria-keyshortcuts="Control+K /" aria-label="Search">${icon('search')}</button>
<button type="button" class="tsd-widget k-appearance" aria-label="Dark theme" aria-pressed="false"></button>
<a href="#" class="tsd-widget menu" id="tsd-toolbar-menu-trigger" data-toggle="menu" aria-label="Menu">${icon('menu')}</a>
</div></header>`);
  };

  /** What could be set is set by the site, and nothing here is hidden. */
  override settings = (): JSX.Element => JSX.createElement(JSX.Fragment, null);
}

const raw = (html: string): JSX.Element => JSX.createElement(JSX.Raw, { html });

class KindlingTheme extends DefaultTheme {
  override getRenderContext(page: PageEvent<Reflection>): KindlingContext {
    return new KindlingContext(this.router, this, page, this.application.options);
  }
}

export function defineTheme(app: Application, inherited: Inherited): void {
  app.renderer.defineTheme('kindling', KindlingTheme);
  app.renderer.hooks.on('content.end', (context) => listOfInherited(context, inherited));
  app.renderer.on(PageEvent.END, (page: PageEvent) => {
    page.contents = servedPage(page.contents ?? '', page.url);
  });
}

function listOfInherited(context: DefaultThemeRenderContext, inherited: Inherited): JSX.Element {
  const bases = [...(inherited.get(context.model as never) ?? [])];
  const sections = bases.map(([base, members]) => {
    const links = members.map((member) => `<a href="${context.urlTo(member)}">${escape(member.name)}</a>`);
    return `<section class="tsd-panel k-inherited"><h2>Inherited from <a href="${context.urlTo(base)}">${base.name}</a></h2><p>${links.join(' ')}</p></section>`;
  });
  return raw(sections.join(''));
}

const escape = (text: string): string => text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** The page under the site's policy: no script in it, none that it does not use. */
function servedPage(html: string, url: string): string {
  const assets = `${'../'.repeat(url.split('/').length - 1)}assets`;
  const changes: [RegExp, string][] = [
    [/<script>document\.documentElement\.dataset\.theme[^<]*<\/script>/, ''],
    [/<script async src="[^"]*search\.js"[^>]*><\/script>/, ''],
    // Drawn by the style sheet: it stands at every heading.
    [/<svg[^>]*><use href="[^"]*#icon-anchor"><\/use><\/svg>/g, ''],
    [/<meta http-equiv="x-ua-compatible"[^>]*>/, ''],
    [/<meta charset="utf-8"\/>/, '<meta charset="utf-8">'],
    [/<link rel="stylesheet" href="[^"]*highlight\.css"\/>/, `$&${head(assets)}`],
  ];
  return pageWithPolicy(
    changes.reduce((text, [pattern, by]) => {
      if (text.search(pattern) < 0 && !pattern.global)
        throw new Error(`typedoc's page ${url} has no ${pattern}`);
      return text.replace(pattern, by);
    }, html),
  );
}

const head = (assets: string): string =>
  ['site.css', 'reference.css', 'search.css']
    .map((file) => `<link rel="stylesheet" href="${assets}/${file}">`)
    .join('') +
  `<script src="${assets}/appearance.js"></script><script type="module" src="${assets}/page.js"></script>`;
