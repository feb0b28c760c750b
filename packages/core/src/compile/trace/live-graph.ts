import { GradNode, type Node } from '../../record/node.ts';

/**
 * Whether the graph above a node is still of use: backward never went through it, or retained what it had saved. Where
 * it was freed, as by most backward passes, or never saved anything, results come without it.
 */
export function isOfUse(node: GradNode): boolean {
  if (node.visit === 0) return true;
  let retains = false;
  const met = new Set<Node>([node]);
  for (const x of met) {
    if (x instanceof GradNode) {
      if (x.freed) return false;
      retains ||= x.primitive.saves !== 0;
    }
    for (const next of x.next) if (next !== null) met.add(next);
  }
  return retains;
}
