/** Tensors as the page shows them. */
import type { Tensor } from '@kindling/core';
import { printNumber } from './expression.ts';
import type { Shown } from './inspection.ts';

/** Lines of a printed tensor that are worth sending. */
const mostLines = 40;

export function show(x: Tensor): Shown {
  const lines = String(x.detach()).split('\n');
  const text = lines.length > mostLines ? [...lines.slice(0, mostLines), '...'].join('\n') : lines.join('\n');
  const { dtype, shape } = x;
  const short = x.count === 1 && shape.length === 0 ? printNumber(Number(x.item())) : `[${shape.join(', ')}]`;
  return { dtype, shape: [...shape], text, short };
}
