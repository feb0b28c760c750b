/** The losses at the side of their pages. */
import type { DefaultTheme } from 'vitepress';
import { families } from './families.ts';

export const lossSidebar: DefaultTheme.SidebarItem[] = [
  {
    items: [
      { text: 'All losses', link: '/losses' },
      { text: 'Choosing a loss', link: '/choosing-a-loss' },
      { text: 'Losses of your own', link: '/custom-losses' },
    ],
  },
  ...families.map(({ title, losses }) => ({
    text: title,
    items: losses.map((name) => ({ text: name, link: `/losses/${name}` })),
  })),
];
