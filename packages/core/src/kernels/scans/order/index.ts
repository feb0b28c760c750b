/** Elements in their order: rows sorted, and what lies in their middle. */
export { medianRows, sortRows } from './rows.ts';
