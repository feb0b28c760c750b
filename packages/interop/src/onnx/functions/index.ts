/**
 * Functions that ONNX has as one node where they are several operations here, and those that attributes of operations
 * do not tell.
 */
import type { FunctionCall } from '../../recording/index.ts';
import type { Name } from '../graph.ts';
import type { Scope } from '../translate.ts';
import { order } from './order.ts';
import { resampling } from './resampling.ts';
import { standard } from './standard.ts';

export { created } from './creation.ts';

/** The names of a call's results, in order; `null` where this call is to be written operation by operation. */
export type FunctionLowering = (call: FunctionCall, scope: Scope) => readonly Name[] | null;

/** By the functions' public names. */
export const functions: Readonly<Record<string, FunctionLowering>> = { ...order, ...resampling, ...standard };
