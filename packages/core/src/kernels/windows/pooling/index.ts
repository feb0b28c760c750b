/** Pooling: greatest entries and means of windows, and elements at the places that it found. */
export { addInPlanes, putInPlanes, takeFromPlanes } from './moves.ts';
export { poolGreatest, poolMeans, poolSpread } from './pooling.ts';
export { type Along, adaptive, type Pooling, regular } from './windows.ts';
