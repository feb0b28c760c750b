/** What a run of a program showed of its graphs and backward passes: plain data, which the worker sends to the page. */

/** A tensor as it is shown. */
export interface Shown {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Its printed form, PyTorch's. */
  readonly text: string;
  /** A number where it is one; else its shape. */
  readonly short: string;
}

/** A tensor of the program, at one time: a change in place makes another value of it. */
export interface Value {
  readonly id: number;
  /** What it is called in the code, as a parameter of a module, or after the operation that made it. */
  readonly label: string;
  /** Whether the label is a name of the program's own. */
  readonly named: boolean;
  readonly kind: 'leaf' | 'constant' | 'result';
  readonly shown: Shown;
  /** Whether gradients flow to it. */
  readonly wantsGradient: boolean;
  /** The operation that made it, by number; `null` for leaves and constants. */
  readonly maker: number | null;
  /** Line of the code, from 0, where it is declared. */
  readonly line: number | null;
}

export interface Operation {
  readonly id: number;
  /** PyTorch's name: `mul`. */
  readonly name: string;
  /** What its node is called, `MulBackward0`; `null` where nothing was recorded. */
  readonly node: string | null;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** What it computes, of the labels of its inputs. */
  readonly formula: string;
  /** Line of the code, from 0, that called it. */
  readonly line: number | null;
}

/** What a node passes on to one of its inputs. */
export interface Passed {
  /** The place of the input among those of the operation. */
  readonly input: number;
  /** The value that it is. */
  readonly to: number;
  readonly gradient: Shown;
  /** How it was computed, of `g`, of `y`, the result, and of other values: what the engine ran. */
  readonly formula: string;
}

/** A node of the graph at which a backward pass is: an operation, or a leaf. */
export interface Visit {
  /** The operation; `null` at a leaf. */
  readonly operation: number | null;
  /** The values whose gradients have arrived, and these. */
  readonly arrived: readonly { readonly value: number; readonly gradient: Shown }[];
  readonly passed: readonly Passed[];
  /** At a leaf: what its `.grad` was before, and is then; `null` where there was none. */
  readonly grad: { readonly before: Shown | null; readonly after: Shown | null } | null;
}

/** A walk of the engine over a graph. */
export interface Pass {
  /** The values at which it begins. */
  readonly roots: readonly number[];
  readonly visits: readonly Visit[];
  /** Line of the code, from 0, that asked for it. */
  readonly line: number | null;
}

export interface Inspection {
  readonly values: readonly Value[];
  readonly operations: readonly Operation[];
  readonly passes: readonly Pass[];
  /** Whether more happened than is shown. */
  readonly cut: boolean;
}
