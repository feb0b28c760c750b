/** How pages are drawn otherwise than VitePress would. */
export { codeColours } from './code-colours.ts';
export { indentedBlocks } from './indented-blocks.ts';
export { joinedFormulas } from './joined-formulas.ts';
export { longNames } from './long-names.ts';
export { tables } from './tables.ts';
