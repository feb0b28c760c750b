/** Pictures of what was recorded: graphs of autograd and compiled programs as DOT and Mermaid. Kindling's own. */
export { type Drawable, type DrawingOptions, toDot, toMermaid } from './draw.ts';
