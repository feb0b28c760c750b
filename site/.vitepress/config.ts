import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { fewMethods, finish, placeholderBase, pressed } from '../src/build/index.ts';
import { liveBlocks } from '../src/live/markdown.ts';
import { writeLlms } from '../src/llms/index.ts';
import { codeColours, pages } from '../src/markdown/index.ts';
import { navigation, sidebar } from '../src/navigation.ts';
import {
  codeLinks,
  referencePlugin,
  symbolLinks,
  symbolTable,
  writeReference,
} from '../src/reference/index.ts';
import { writeSearchIndex } from '../src/search/index.ts';
import { ownTasks } from '../src/theme/own-tasks.ts';

const packages = join(import.meta.dirname, '../../packages');
const docs = join(import.meta.dirname, '../../docs');
const building = process.argv.includes('build');

// A built site has the packages as users get them, with the names that their classes keep; the development server has
// the sources.
const builtPackages = {
  find: /^@kindling\/(\w+)(?:\/(\w+))?$/,
  replacement: `${packages}/$1/dist/$2/index.js`,
};
if (building && !existsSync(join(packages, 'core/dist/index.js')))
  throw new Error('the packages are not built: run `pnpm build` first, or `pnpm site:build`, which does');

/** What the front page waits for. */
const landingWorker = /\/landing\/worker\.ts$/;

const reference = `${building ? placeholderBase : '/'}reference/`;

/**
 * Parts of VitePress' theme in whose place others stand, in the way that its documentation shows; the last are on no
 * page.
 */
const partOfTheme = (names: string, replacement: string) => ({
  find: new RegExp(`^\\./(?:components/)?(?:${names})\\.vue$`),
  replacement: join(import.meta.dirname, '../src', replacement),
});
const partsOfTheme = [
  partOfTheme('VPNavBarSearch', 'search/SearchButton.vue'),
  partOfTheme(
    'VP(?:Home|Team|Features?|Hero|Sponsors|DocAsideSponsors|DocAsideCarbonAds)\\w*',
    'theme/nothing.ts',
  ),
  partOfTheme('VP(?:Badge|NavBarTranslations|NavScreenTranslations)', 'theme/nothing.ts'),
  {
    find: /^\.\/styles\/components\/vp-(?:sponsor|code-group)\.css$/,
    replacement: join(import.meta.dirname, '../src/theme/nothing.ts'),
  },
];

/** Where the site will stand, if that is known: what reads cards wants whole addresses. */
const address = process.env.KINDLING_SITE_URL ?? (building ? placeholderBase : '/');

/** What lets threads share memory; hosts that read `_headers` send the same. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  srcDir: '../docs',
  outDir: process.env.KINDLING_SITE_OUT ?? 'dist',
  base: building ? placeholderBase : '/',
  lang: 'en',
  title: 'Kindling',
  description:
    'PyTorch for TypeScript: tensors, autodiff, layers, losses and optimizers that train small nets in Node and browsers',
  head: [
    ['meta', { property: 'og:type', content: 'website' }],
    ['meta', { property: 'og:site_name', content: 'Kindling' }],
    ['meta', { property: 'og:image', content: `${address}card.png` }],
    [
      'meta',
      {
        property: 'og:image:alt',
        content: 'Kindling: PyTorch for TypeScript, beside two spirals that a net has told apart',
      },
    ],
    ['meta', { name: 'twitter:card', content: 'summary_large_image' }],
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${building ? placeholderBase : '/'}favicon.svg` }],
    ['meta', { name: 'theme-color', content: '#22130b' }],
  ],
  transformPageData: ({ title, description: own, frontmatter, params }) => {
    // Pages of losses say of themselves what they are about.
    const description: string = params?.summary ?? own;
    const head = [
      ['meta', { property: 'og:title', content: title || 'Kindling' }],
      ['meta', { property: 'og:description', content: description }],
      ...(frontmatter.head ?? []),
    ];
    return { description, frontmatter: { ...frontmatter, head } };
  },
  cleanUrls: false,
  // While pages are being written, what they link to may not be there.
  ignoreDeadLinks: process.env.KINDLING_SITE_DRAFT === '1',
  lastUpdated: false,
  // VueUse would have the whole page laid out three times while it opens; see theme/index.ts.
  appearance: { disableTransition: false },
  router: { prefetchLinks: false },
  // What a page loads when it is wanted, VitePress would load at once.
  shouldPreload: (link) => !/\/(?:LossGallery|controls|editor|uPlot|viz)[.\w-]*\.js$/.test(link),
  markdown: {
    math: true,
    config(md) {
      pages(md);
      liveBlocks(md);
      symbolLinks(md, symbolTable, reference);
    },
    codeTransformers: [codeLinks(symbolTable, reference), codeColours],
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  themeConfig: {
    logo: { src: '/favicon.svg', width: 24, height: 24 },
    nav: navigation,
    sidebar,
    outline: { level: [2, 3] },
    docFooter: { prev: 'Previous', next: 'Next' },
    externalLinkIcon: false,
    notFound: {
      title: 'No such page',
      quote: 'It may have moved: search for it, or begin at the front page.',
      linkText: 'To the front page',
      linkLabel: 'To the front page',
    },
  },
  vite: {
    plugins: [
      referencePlugin(),
      ownTasks(),
      {
        // Pages lie in docs/, where nothing is installed: what they import is installed here.
        name: 'imports-of-pages',
        enforce: 'pre',
        resolveId(name, importer, options) {
          if (importer?.startsWith(docs) !== true || !/^[\w@]/.test(name) || name.startsWith('@site/'))
            return null;
          return this.resolve(name, import.meta.filename, { ...options, skipSelf: true });
        },
      },
    ],
    resolve: {
      alias: [
        { find: '@site', replacement: join(import.meta.dirname, '../src') },
        ...partsOfTheme,
        ...(building ? [builtPackages] : []),
      ],
    },
    // What pages load late would be found late, and reload the page that the reader is in.
    optimizeDeps: {
      entries: [`${join(import.meta.dirname, '../src')}/!(build|llms|reference|search)/**/!(*.data).ts`],
    },
    server: { headers: isolation },
    preview: { headers: isolation },
    worker: {
      format: 'es',
      plugins: () => [
        fewMethods(landingWorker, join(import.meta.dirname, '../src/landing/methods.ts')),
        pressed(landingWorker),
      ],
    },
    // No component is written in the older way, whose half of Vue then need not be sent.
    define: { __VUE_OPTIONS_API__: false },
    publicDir: join(import.meta.dirname, '../public'),
    build: { target: 'es2022', chunkSizeWarningLimit: 1500 },
  },
  async buildEnd({ outDir }) {
    finish(outDir);
    writeLlms(outDir);
    await writeReference(outDir);
    await writeSearchIndex(outDir);
  },
});
