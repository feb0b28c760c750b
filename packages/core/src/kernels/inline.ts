/** Scalar expressions inside kernels that are written by hand. */

import { KindlingError } from '../errors.ts';
import type { FunctionBuilder } from './assembler.ts';
import { emitConstant, emitPlain, emitScalarCall } from './codegen/instructions.ts';
import type { Node } from './codegen/lower.ts';
import { lower, perElement } from './codegen/lower.ts';
import type { Expr, Lane } from './expression.ts';
import './math/index.ts';

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
  // Constants go where they are used: in locals they would take registers throughout.
  const push = (node: Node): void => {
    if (node.op === 'constant' || node.op === 'intConstant') emitConstant(f, node, lane);
    else f.get(locals.get(node)!);
  };
  for (const node of nodes) {
    if (node.op === 'constant' || node.op === 'intConstant') continue;
    if (node.op === 'input') {
      locals.set(node, inputs[node.attribute as number]!);
      continue;
    }
    if (node.op === 'param')
      throw new KindlingError('inlineExpression: an inlined expression has no parameters');
    if (node.op === 'scalarCall') {
      emitScalarCall(
        f,
        lane,
        node.args.map((arg) => locals.get(arg)!),
        callee(node.attribute as string),
      );
    } else {
      const args =
        node.op === 'select' || node.op === 'iselect' ? [1, 2, 0].map((i) => node.args[i]!) : node.args;
      for (const arg of args) push(arg);
      emitPlain(f, node, lane);
    }
    const local = f.local('v128');
    f.set(local);
    locals.set(node, local);
  }
  push(outputs[0]!);
}
