/** The theme: VitePress' own without its fonts, and what the pages are made of. */
import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import LiveCode from '../../src/live/LiveCode.vue';
import './base.css';
import './live.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('LiveCode', LiveCode);
  },
} satisfies Theme;
