/** The reference, which typedoc writes from the docstrings, and the links of guides into it. */
export { writeReference } from './cache.ts';
export { codeLinks } from './code-links.ts';
export { symbolLinks } from './symbol-links.ts';
export { referencePlugin, symbolTable } from './vite-plugin.ts';
