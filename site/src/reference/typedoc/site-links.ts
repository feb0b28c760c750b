import type { DefaultTheme } from 'vitepress';
import { navigation } from '../../navigation.ts';

interface SiteLink {
  readonly text: string;
  /** From the folder of the reference. */
  readonly path: string;
}

/** The bar of the site, as pages of the reference link to it; what unfolds there has no room here. */
export function siteLinks(items: readonly DefaultTheme.NavItem[] = navigation): SiteLink[] {
  return items.flatMap((item) => {
    if (!('link' in item) || typeof item.link !== 'string' || item.text === undefined) return [];
    const path = item.link.endsWith('.html') ? item.link : `${item.link}.html`;
    return [
      {
        text: item.text,
        path: path.startsWith('/reference/') ? path.slice('/reference/'.length) : `..${path}`,
      },
    ];
  });
}
