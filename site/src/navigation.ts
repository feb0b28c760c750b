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

const guides: DefaultTheme.SidebarItem[] = [
  {
    text: 'Learn',
    items: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Tensors', link: '/tensors' },
      { text: 'Autograd', link: '/autograd' },
      { text: 'Modules', link: '/modules' },
      { text: 'Choosing a loss', link: '/choosing-a-loss' },
      { text: 'Losses and layers of your own', link: '/custom-losses' },
      { text: 'Training loops', link: '/training' },
      { text: 'Data', link: '/data' },
      { text: 'Saving and resuming', link: '/saving-and-loading' },
    ],
  },
  {
    text: 'Run',
    items: [
      { text: 'Compile and threads', link: '/compile' },
      { text: 'Browsers and workers', link: '/browsers' },
      { text: 'Performance', link: '/performance' },
      { text: 'Growing up to PyTorch', link: '/growing-up' },
    ],
  },
  {
    text: 'Coming from',
    items: [
      { text: 'PyTorch', link: '/from-pytorch' },
      { text: 'TensorFlow.js and jax-js', link: '/from-tensorflow-js' },
      { text: 'What is there, and what not', link: '/ledger' },
    ],
  },
  {
    text: 'See',
    items: [
      { text: 'Playground', link: '/playground' },
      { text: 'The losses', link: '/losses' },
      { text: 'Same seed, same curve', link: '/same-seed' },
      { text: 'Gradient inspector', link: '/gradient-inspector' },
      { text: 'Compile explorer', link: '/compile-explorer' },
    ],
  },
  {
    text: 'Project',
    items: [
      { text: 'Changelog', link: '/changelog' },
      { text: 'Architecture', link: '/architecture' },
      { text: 'Mutation scores', link: '/mutation' },
    ],
  },
];

export const sidebar: DefaultTheme.Sidebar = { '/losses': lossSidebar, '/': guides };
