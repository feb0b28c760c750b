import { beyondLosses } from './beyond-table.ts';
import { losses as pytorchLosses } from './table.ts';

/** Every loss. */
export const losses = [...pytorchLosses, ...beyondLosses];
