import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { finish, placeholderBase } from '../src/build/index.ts';
import { liveBlocks } from '../src/live/markdown.ts';
import { navigation, sidebar } from '../src/navigation.ts';

const packages = join(import.meta.dirname, '../../packages');
const docs = join(import.meta.dirname, '../../docs');
const building = process.argv.includes('build');

// A built site has the packages as users get them, with the names that their classes keep; the development server has the sources.
const builtPackages = {
  find: /^@kindling\/(\w+)(?:\/(\w+))?$/,
  replacement: `${packages}/$1/dist/$2/index.js`,
};
if (building && !existsSync(join(packages, 'core/dist/index.js')))
  throw new Error('the packages are not built: run `pnpm build` first, or `pnpm site:build`, which does');

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
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${building ? placeholderBase : '/'}favicon.svg` }],
    ['meta', { name: 'theme-color', content: '#22130b' }],
  ],
  cleanUrls: false,
  // While pages are being written, what they link to may not be there.
  ignoreDeadLinks: process.env.KINDLING_SITE_DRAFT === '1',
  lastUpdated: false,
  router: { prefetchLinks: false },
  markdown: {
    math: true,
    config: liveBlocks,
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  themeConfig: {
    nav: navigation,
    sidebar,
    outline: { level: [2, 3] },
    docFooter: { prev: 'Previous', next: 'Next' },
    externalLinkIcon: false,
  },
  vite: {
    plugins: [
      {
        // Pages lie in docs/, where nothing is installed: what they import is installed here.
        name: 'imports-of-pages',
        enforce: 'pre',
        resolveId(name, importer, options) {
          if (importer?.startsWith(docs) !== true || !/^[\w@]/.test(name) || name.startsWith('@site/')) return null;
          return this.resolve(name, import.meta.filename, { ...options, skipSelf: true });
        },
      },
    ],
    resolve: {
      alias: [
        { find: '@site', replacement: join(import.meta.dirname, '../src') },
        ...(building ? [builtPackages] : []),
      ],
    },
    server: { headers: isolation },
    preview: { headers: isolation },
    worker: { format: 'es' },
    publicDir: join(import.meta.dirname, '../public'),
    build: { target: 'es2022', chunkSizeWarningLimit: 1500 },
  },
  buildEnd: ({ outDir }) => finish(outDir),
});
