/** A call of a model as a tree of what it called: modules, functions, operations. What exports are written from. */
export type * from './recording.ts';
