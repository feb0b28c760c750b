/** Layers that pad the last dimensions of their input. */
export * from './padding.ts';
