/** Recurrent layers and their cells. */
export * from './cells.ts';
export * from './recurrent.ts';
