/** Base of every error that Kindling throws on purpose, Kindling's own: catch it to tell bad input from a bug. */
export class KindlingError extends Error {
  override name = 'KindlingError';
}

/** Shapes, sizes or dimensions that do not fit the operation: PyTorch's RuntimeError. */
export class ShapeError extends KindlingError {
  override name = 'ShapeError';
}

/** A dtype that the operation does not take: PyTorch's RuntimeError or TypeError. */
export class DTypeError extends KindlingError {
  override name = 'DTypeError';
}

/** An index or dimension out of range: PyTorch's IndexError. */
export class IndexError extends KindlingError {
  override name = 'IndexError';
}

/**
 * Misuse of automatic differentiation: a freed graph, a leaf changed in place, a missing gradient: PyTorch's
 * RuntimeError.
 */
export class AutogradError extends KindlingError {
  override name = 'AutogradError';
}

/** A value that is of the right kind and still cannot be used: PyTorch's ValueError or RuntimeError. */
export class ValueError extends KindlingError {
  override name = 'ValueError';
}

/** A function that cannot be compiled as it stands, or memory that a compiled call has left behind. Kindling's own. */
export class CompileError extends KindlingError {
  override name = 'CompileError';
}

/**
 * A change of what `Object.freeze` or `Object.seal` keeps as it is, where JavaScript would throw a TypeError.
 * Kindling's own.
 */
export class FrozenError extends ValueError {
  override name = 'FrozenError';

  constructor(caller: string, what: string) {
    super(
      `${caller}: the ${what} is frozen (Object.freeze, Object.seal) and cannot change; leave it as it was made`,
    );
  }
}

/**
 * Gives an error the name of the public function that was called, in place of the names of those that this one called.
 * Names of classes and of graph nodes stay, as they tell more. The name of a module that was called stands in front of
 * the function's, unless both are one, or the function is a method of the module or `forward`, which nobody calls.
 * Kindling's own.
 * @example
 * ```ts
 * function between(a: Tensor, b: Tensor): Tensor {
 *   try {
 *     return a.add(b).div(2);
 *   } catch (error) {
 *     throw calledAs('between', error);
 *   }
 * }
 * between(ones(2), ones(3)); // throws ShapeError: between: shapes [2] and [3] do not broadcast
 * ```
 */
export function calledAs(name: string, error: unknown): unknown {
  if (!(error instanceof KindlingError) || error instanceof CompileError || name === '') return error;
  const { message } = error;
  const parts = /^[\w.]*/.exec(message)?.[0].split('.') ?? [];
  // A class, or a node of the graph; or the name itself, or a method of the class of that name.
  if (/^[A-Z]\w*: /.test(message) || parts.at(-1) === name || parts[0] === name) return error;
  const [prefix, inner] = /^([A-Za-z][\w.]*)(?:\(\))?: /.exec(message) ?? ['', ''];
  const isModule = /^[A-Z]/.test(name);
  const keeps = isModule && inner !== 'forward' && !name.toLowerCase().startsWith(inner.toLowerCase());
  // What is to be written, too, is a call of what was called.
  const own = (text: string): string =>
    text.replace(`; write ${inner}(`, `; write ${isModule ? 'module' : name}(`);
  error.message = `${name}: ${keeps ? message : own(message.slice(prefix.length))}`;
  // The stack begins with the message as it was.
  if (error.stack !== undefined) error.stack = error.stack.replace(message, () => error.message);
  return error;
}
