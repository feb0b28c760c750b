/** How pages are drawn otherwise than VitePress would. */
export { indentedBlocks } from './indented-blocks.ts';
export { longNames } from './long-names.ts';
