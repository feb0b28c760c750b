/** The name by which the program of the landing page, as that of a reader, finds what it talks to. */
export * from '../page/index.ts';
