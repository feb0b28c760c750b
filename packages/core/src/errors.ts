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

/** Misuse of automatic differentiation: a freed graph, a leaf changed in place, a missing gradient: PyTorch's RuntimeError. */
export class AutogradError extends KindlingError {
  override name = 'AutogradError';
}

/** A value that is of the right kind and still cannot be used: PyTorch's ValueError or RuntimeError. */
export class ValueError extends KindlingError {
  override name = 'ValueError';
}
