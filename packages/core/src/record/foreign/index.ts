/**
 * The door through which users, and nn, declare and run operations: core's own, with checks of what is given and given
 * back.
 */
export * from './foreign.ts';
export * from './kernels.ts';
