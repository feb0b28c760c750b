/** Scalar expressions, Kindling's own language, in which every elementwise operation is declared. */

/**
 * An expression describes what happens to ONE element. It is an immutable DAG of {@link Expr} nodes; a node used
 * twice is computed once. The code generator (compile/) turns it into a SIMD loop for one {@link Lane}:
 *
 *     const silu = (x: Expr) => div(x, add(1, exp(neg(x))));
 *
 * There are two levels. The declared level (arithmetic, comparisons, `select`, named functions such as `exp`) means the
 * same in every lane. The low level (integer arithmetic on a lane's bits, `scalarCall`) is what the lowerings of the
 * named functions are written in.
 *
 * A node has one of three kinds. `value` is a number of the lane's type; `mask` is a truth value (all bits of the lane
 * set, or none); `int` is the lane's bits seen as a signed integer of the lane's width (32 bits in f32 and i32 lanes,
 * 64 in f64). In an i32 lane the kinds `value` and `int` hold the same thing, and the bitcasts cost nothing.
 *
 * Every function here returns a node; numbers among its operands stand for constants. One that is given an operand of
 * another kind than it takes throws a KindlingError.
 */

export * from './functions.ts';
export * from './integers.ts';
export {
  constant,
  type Expr,
  input,
  intConstant,
  type Kind,
  type Lane,
  type Op,
  type Operand,
  param,
} from './node.ts';
export * from './values.ts';
