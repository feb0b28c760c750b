import type { DType, E, Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';

/**
 * A whole number in a shape or an attribute that follows the size of the batch: `perSample * batch + fixed`. Numbers
 * that stay stand as they are.
 */
export interface BatchNumber {
  readonly perSample: number;
  readonly fixed: number;
}

/** Where a value comes from. */
export type Source =
  /** A tensor among the arguments of the model, by their order. */
  | { readonly kind: 'input'; readonly index: number }
  /** A parameter or buffer of the model: its dotted name, that of `stateDict()` where it is saved. */
  | { readonly kind: 'state'; readonly name: string; readonly tensor: Tensor }
  /** What was there before the call and is no part of the model. */
  | { readonly kind: 'constant'; readonly tensor: Tensor }
  /** What a call in the recording gives. */
  | { readonly kind: 'result' };

/** A tensor that calls read or give. What is changed in place is another value afterwards. */
export interface Value {
  readonly id: number;
  readonly source: Source;
  readonly dtype: DType;
  readonly shape: readonly (number | BatchNumber)[];
}

/**
 * What functions are given: values in the places of tensors, batch numbers in the places of what follows the batch. An
 * object of a class is its fields and, as `$class`, the name of that: a packed sequence, say; of a generator or a
 * module it is nothing more.
 */
export type Argument =
  | Value
  | BatchNumber
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly Argument[]
  | { readonly [name: string]: Argument };

/** A call of a module: `this.fc1(x)`. */
export interface ModuleCall {
  readonly kind: 'module';
  readonly module: AnyModule;
  /** Its dotted name in the model; '' of the model itself. */
  readonly path: string;
  readonly inputs: readonly Argument[];
  /** What it returned: one value, or a nesting of them. */
  readonly result: Argument;
  /** What happened in it. */
  readonly body: readonly Call[];
  /** Why the body is empty, where it is not one for all batch sizes; what the module gives is all the same. */
  readonly unlike?: string;
  /** The user's line, `net.ts:12`; `null` where it cannot be told. */
  readonly line: string | null;
  /** Whether it was called within `noGrad`. */
  readonly noGrad?: boolean;
}

/**
 * A call of a public function or method, that of several operations or of one whose check saw it:
 * `F.huberLoss(x, y, { delta: 2 })`.
 */
export interface FunctionCall {
  readonly kind: 'function';
  /** Its public name, such as `'huberLoss'` and `'linalg.norm'`. */
  readonly name: string;
  /** What it was given, by the names of its parameters, in their order; options under their own names in `options`. */
  readonly given: { readonly [parameter: string]: Argument };
  readonly result: Argument;
  readonly body: readonly Call[];
  /** As in a {@link ModuleCall}. */
  readonly unlike?: string;
  readonly line: string | null;
  readonly noGrad?: boolean;
}

/** An operation: a primitive that ran. */
export interface Operation {
  readonly kind: 'operation';
  /** PyTorch's name: `'mul'`, `'_log_softmax'`. */
  readonly name: string;
  readonly inputs: readonly Value[];
  /**
   * What it was given: of an elementwise operation its operands in order, numbers and flags among them, as `attributes`
   * do not tell `x - 2` from `2 - x`; of another one its inputs.
   */
  readonly operands: readonly Argument[];
  /** What the operation was told: of an elementwise one its numbers, those among the operands first. */
  readonly attributes: Argument;
  readonly outputs: readonly Value[];
  /**
   * For each output the input in whose memory it lies: views, and what was changed in place; `null` where it has its
   * own.
   */
  readonly sharesWith: readonly (Value | null)[];
  /** Whether it changed an input: then the outputs are what these are afterwards. */
  readonly inPlace: boolean;
  /**
   * Of an elementwise operation what it computes: an expression in its inputs and in the numbers that are its
   * attributes (of a reduced one, `params` among them), in lanes of a dtype. What observers are told as
   * `operation.elementwise(inputs, attrs)`.
   */
  readonly elementwise: { readonly expression: E.Expr; readonly dtype: DType } | null;
  readonly line: string | null;
  readonly noGrad?: boolean;
}

/** What happens in a call, in order. */
export type Call = ModuleCall | FunctionCall | Operation;

/** A call of a model or function, as a tree of what it called. */
export interface Recording {
  readonly inputs: readonly Value[];
  readonly result: Argument;
  readonly body: readonly Call[];
}

/** What is recorded: a model, or a function such as a loss, with the tensors that it is called with. */
export interface Recorded {
  readonly call: (...inputs: Tensor[]) => unknown;
  readonly inputs: readonly Tensor[];
  /** Models whose parameters and buffers are known by name. */
  readonly models: Readonly<Record<string, AnyModule>>;
}
