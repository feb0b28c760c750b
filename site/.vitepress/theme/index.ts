/** The theme: VitePress' own without its fonts, and what the pages are made of. */
import { type Theme, useData } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { defineAsyncComponent, h, nextTick, provide } from 'vue';
import { inItsOwnTask } from '../../src/live/in-its-own-task.ts';
import LiveCode from '../../src/live/LiveCode.vue';
import '../../src/reference/symbol-links.css';
import './base.css';
import './live.css';

export default {
  extends: DefaultTheme,
  Layout: {
    setup() {
      const { isDark } = useData();
      // Everything changes its colour at once. What does the same in VueUse does it as each page opens, too.
      provide('toggle-appearance', async () => {
        const still = document.createElement('style');
        still.textContent = '*,::before,::after{transition:none!important}';
        document.head.append(still);
        isDark.value = !isDark.value;
        await nextTick();
        getComputedStyle(still).opacity;
        still.remove();
      });
      return () => h(DefaultTheme.Layout);
    },
  },
  enhanceApp({ app }) {
    app.component('LiveCode', inItsOwnTask(LiveCode));
    // In docs/losses.md, which GitHub shows too, no script can name it.
    app.component(
      'LossGallery',
      defineAsyncComponent(() => import('../../src/losses/LossGallery.vue')),
    );
  },
} satisfies Theme;
