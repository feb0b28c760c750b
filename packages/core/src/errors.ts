/** Base of every error that Kindling throws on purpose: catch it to tell bad input from a bug. */
export class KindlingError extends Error {
  override name = 'KindlingError';
}

/** Shapes, sizes or dimensions that do not fit the operation. */
export class ShapeError extends KindlingError {
  override name = 'ShapeError';
}

/** A dtype that the operation does not take. */
export class DTypeError extends KindlingError {
  override name = 'DTypeError';
}

/** An index or dimension out of range. */
export class IndexError extends KindlingError {
  override name = 'IndexError';
}

/** Misuse of automatic differentiation: a freed graph, a leaf changed in place, a missing gradient. */
export class AutogradError extends KindlingError {
  override name = 'AutogradError';
}

/** A value that is of the right kind and still cannot be used. */
export class ValueError extends KindlingError {
  override name = 'ValueError';
}
