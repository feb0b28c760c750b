/** Scalar expressions inside kernels that are written by hand. */

import { KindlingError } from '../../errors.ts';
import { type Expr, input, type Lane } from '../expression/index.ts';
import type { FunctionBuilder, ModuleBuilder } from '../wasm/index.ts';
import { emitConstant, emitPlain, emitScalarCall, emitScalarCallWhere, stackOrder } from './instructions.ts';
import { lower, type Node, perElement } from './lower.ts';

/**
 * Pushes the vector that `expression` gives for the vectors in the locals `inputs`, and may be called again: it
 * declares its own locals each time. `callee` finds the index of an imported function of float64 numbers; an expression
 * that calls none needs it not.
 */
export function inlineExpression(
  f: FunctionBuilder,
  lane: Lane,
  expression: Expr,
  inputs: readonly number[],
  callee?: (name: string) => number,
): void {
  inlineExpressions(f, lane, [expression], (i) => inputs[i], callee);
}

/**
 * Adds a function of one float64 number to a module, that of float64 lanes, and gives its index; it is exported, for
 * those who need its bits. Kernels that call functions of Math instead pay for the way out of WebAssembly, and five
 * times as much while upper halves of wide vectors are in use.
 */
export const defineScalar = (module: ModuleBuilder, name: string, of: (x: Expr) => Expr): number =>
  module.define({ export: name, result: 'f64' }, { x: 'f64' }, (f, p) => {
    const x = f.local('v128');
    f.get(p.x).op('f64x2.splat').set(x);
    inlineExpression(f, 'f64', of(input(0)), [x]);
    f.lane('f64x2.extract_lane', 0);
  });

/**
 * Pushes the vectors of several expressions, the last on top; `input` gives the local of an operand, and may load it
 * there.
 */
export function inlineExpressions(
  f: FunctionBuilder,
  lane: Lane,
  expressions: readonly Expr[],
  input: (index: number) => number | undefined,
  callee: (name: string) => number = refuseCall,
): void {
  const { nodes, outputs } = lower(
    expressions.map((expression) => ({ expression })),
    lane,
    () => perElement,
  );
  const locals = new Map<Node, number>();
  const isConstant = (node: Node): boolean => node.op === 'constant' || node.op === 'intConstant';
  /** A local that holds the node's value. */
  const inLocal = (node: Node): number => {
    let local = locals.get(node);
    if (local === undefined) {
      local = f.local('v128');
      emitConstant(f, node, lane);
      f.set(local);
      locals.set(node, local);
    }
    return local;
  };
  const push = (node: Node): void => {
    if (isConstant(node)) emitConstant(f, node, lane);
    else f.get(inLocal(node));
  };
  for (const node of nodes) {
    // Constants are named where they are used; the assembler sets them once.
    if (isConstant(node)) continue;
    if (node.op === 'input') {
      const given = input(node.attribute);
      if (given === undefined) throw new KindlingError(`inlineExpression: no input ${node.attribute}`);
      locals.set(node, given);
      continue;
    }
    if (node.op === 'param')
      throw new KindlingError('inlineExpression: an inlined expression has no parameters');
    const local = f.local('v128');
    if (node.op === 'scalarCall') {
      emitScalarCall(f, lane, node.args.map(inLocal), callee(node.attribute));
    } else if (node.op === 'scalarCallWhere') {
      const [mask, otherwise, ...operands] = node.args;
      f.get(inLocal(otherwise)).set(local);
      emitScalarCallWhere(f, lane, inLocal(mask), local, operands.map(inLocal), callee(node.attribute));
    } else {
      stackOrder(node).forEach(push);
      emitPlain(f, node, lane);
    }
    f.set(local);
    locals.set(node, local);
  }
  for (const { node } of outputs) push(node);
}

function refuseCall(name: string): never {
  throw new KindlingError(`inlineExpression: nothing was given to call for ${name}`);
}
