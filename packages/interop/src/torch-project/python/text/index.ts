/**
 * Python as text: how expressions are laid out, what literals and names look like, and which numbers may become
 * parameters.
 */
export * from './layout.ts';
export * from './literals.ts';
export * from './marks.ts';
export * from './names.ts';
