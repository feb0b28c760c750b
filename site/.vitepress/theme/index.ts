/** The theme: VitePress' own without its fonts, and what the pages are made of. */
import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { defineAsyncComponent, h } from 'vue';
import LiveCode from '../../src/live/LiveCode.vue';
import SearchButton from '../../src/search/SearchButton.vue';
import '../../src/reference/symbol-links.css';
import './base.css';
import './live.css';

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'nav-bar-content-before': () => h(SearchButton) }),
  enhanceApp({ app }) {
    app.component('LiveCode', LiveCode);
    // In docs/losses.md, which GitHub shows too, no script can name it.
    app.component(
      'LossGallery',
      defineAsyncComponent(() => import('../../src/losses/LossGallery.vue')),
    );
  },
} satisfies Theme;
