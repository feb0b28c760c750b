/** Elements in their order: rows sorted, and what lies in their middle. */
export { medianRows, type Picking, pickRows, sortRows } from './rows.ts';
