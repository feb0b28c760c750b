/** What stands in the bar at the top and at the side of guides. */
import type { DefaultTheme } from 'vitepress';
import { lossSidebar } from './losses/sidebar.ts';

export const navigation: DefaultTheme.NavItem[] = [
  {
    text: 'Guides',
    link: '/quick-start',
    activeMatch: '^/(quick-start|tensors|autograd|modules|data|training)',
  },
  { text: 'Playground', link: '/playground' },
  { text: 'Losses', link: '/losses', activeMatch: '^/losses' },
  {
    text: 'Look inside',
    items: [
      { text: 'Same seed, same curve', link: '/same-seed' },
      { text: 'Gradient inspector', link: '/gradient-inspector' },
      { text: 'Compile explorer', link: '/compile-explorer' },
    ],
  },
  { text: 'Reference', link: '/reference/index.html', target: '_self' },
];

/** A section of the sidebar: titles, and the pages under them. */
const section = (text: string, pages: Readonly<Record<string, string>>): DefaultTheme.SidebarItem => ({
  text,
  items: Object.entries(pages).map(([title, link]) => ({ text: title, link })),
});

const guides = [
  section('Learn', {
    'Quick start': '/quick-start',
    Tensors: '/tensors',
    Autograd: '/autograd',
    Modules: '/modules',
    'Choosing a loss': '/choosing-a-loss',
    'Losses and layers of your own': '/custom-losses',
    'Training loops': '/training',
    Distributions: '/distributions',
    Data: '/data',
    'Saving and resuming': '/saving-and-loading',
  }),
  section('Run', {
    'Compile and threads': '/compile',
    'Browsers and workers': '/browsers',
    Performance: '/performance',
    'Growing up to PyTorch': '/growing-up',
  }),
  section('Coming from', {
    PyTorch: '/from-pytorch',
    'TensorFlow.js and jax-js': '/from-tensorflow-js',
    'What is there, and what not': '/ledger',
  }),
  section('See', {
    Playground: '/playground',
    'The losses': '/losses',
    'Same seed, same curve': '/same-seed',
    'Gradient inspector': '/gradient-inspector',
    'Compile explorer': '/compile-explorer',
  }),
  section('Project', {
    Changelog: '/changelog',
    Architecture: '/architecture',
    'Mutation scores': '/mutation',
  }),
];

export const sidebar: DefaultTheme.Sidebar = { '/losses': lossSidebar, '/': guides };
