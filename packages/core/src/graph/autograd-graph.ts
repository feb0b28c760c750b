import { edgeOf, GradNode, isLeafNode, type Node } from '../record/node.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { Drawing, DrawnNode } from './drawing.ts';

/** How tensors are called. */
export type Names = ReadonlyMap<Tensor, string>;

const typeOf = ({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): string =>
  `${dtype} ${formatShape(shape)}`;

function drawn(node: Node, names: Names): DrawnNode {
  if (isLeafNode(node)) {
    const { variable } = node;
    const name = names.get(variable);
    return { role: 'leaf', lines: [...(name === undefined ? [] : [name]), typeOf(variable)] };
  }
  const shapes = node instanceof GradNode ? node.outputShapes.map(formatShape) : [];
  return { role: 'operation', lines: [node.name, ...(shapes.length === 0 ? [] : [shapes.join(', ')])] };
}

/** Adds what `results` were computed from, as far as gradients flow. Arrows go as values went, against gradients. */
export function drawAutograd(drawing: Drawing, results: readonly Tensor[], names: Names): void {
  const open: Node[] = [];
  const numberOf = (node: Node): number =>
    drawing.node(node, () => {
      open.push(node);
      return drawn(node, names);
    });
  const outputOf = (node: Node, output: number): string =>
    node instanceof GradNode && node.outputShapes.length > 1 ? `output ${output}` : '';
  for (const [i, x] of results.entries()) {
    const name = names.get(x) ?? (results.length === 1 ? 'result' : `result ${i}`);
    const result = drawing.node(x, () => ({ role: 'result', lines: [name, typeOf(x)] }));
    const made = edgeOf(x);
    if (made !== null) drawing.edge(numberOf(made), result);
  }
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const to = numberOf(node);
    for (const [i, before] of node.next.entries())
      if (before !== null) drawing.edge(numberOf(before), to, outputOf(before, node.nextOutput[i] ?? 0));
  }
}
