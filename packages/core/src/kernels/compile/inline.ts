/** Scalar expressions inside kernels that are written by hand. */

import { KindlingError } from '../../errors.ts';
import type { Expr, Lane } from '../expression/index.ts';
import type { FunctionBuilder } from '../wasm/assembler.ts';
import { emitConstant, emitPlain, emitScalarCall, emitScalarCallWhere } from './instructions.ts';
import type { Node } from './lower.ts';
import { lower, perElement } from './lower.ts';
import '../math/index.ts';

/**
 * Pushes the vector that `expression` gives for the vectors in the locals `inputs`, and may be called again: it
 * declares its own locals each time. `callee` finds the index of an imported function of float64 numbers.
 */
export function inlineExpression(
  f: FunctionBuilder,
  lane: Lane,
  expression: Expr,
  inputs: readonly number[],
  callee: (name: string) => number,
): void {
  const { nodes, outputs } = lower([expression], lane, () => perElement);
  const locals = new Map<Node, number>();
  const isConstant = (node: Node): boolean => node.op === 'constant' || node.op === 'intConstant';
  const push = (node: Node): void => {
    if (isConstant(node)) emitConstant(f, node, lane);
    else f.get(locals.get(node)!);
  };
  /** A local that holds the node's value. */
  const inLocal = (node: Node): number => {
    let local = locals.get(node);
    if (local === undefined) {
      local = f.local('v128');
      push(node);
      f.set(local);
      locals.set(node, local);
    }
    return local;
  };
  for (const node of nodes) {
    // Constants are written where they are used; V8 moves them out of the loop.
    if (isConstant(node)) continue;
    if (node.op === 'input') {
      locals.set(node, inputs[node.attribute as number]!);
      continue;
    }
    if (node.op === 'param')
      throw new KindlingError('inlineExpression: an inlined expression has no parameters');
    const local = f.local('v128');
    if (node.op === 'scalarCall') {
      emitScalarCall(f, lane, node.args.map(inLocal), callee(node.attribute as string));
    } else if (node.op === 'scalarCallWhere') {
      const [mask, otherwise, ...operands] = node.args.map(inLocal) as [number, number, ...number[]];
      f.get(otherwise).set(local);
      emitScalarCallWhere(f, lane, mask, local, operands, callee(node.attribute as string));
    } else {
      const { args } = node;
      const choice = node.op === 'select' || node.op === 'iselect';
      for (const arg of choice ? [args[1]!, args[2]!, args[0]!] : args) push(arg);
      emitPlain(f, node, lane);
    }
    f.set(local);
    locals.set(node, local);
  }
  push(outputs[0]!);
}
