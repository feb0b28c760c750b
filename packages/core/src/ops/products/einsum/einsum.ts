import { describe } from '../../../arguments/explain.ts';
import { alias, K, signature } from '../../../arguments/index.ts';
import { isFloatingPoint, promoteTypes } from '../../../dtype.ts';
import { DTypeError, ValueError } from '../../../errors.ts';
import { isArray } from '../../../readable.ts';
import { numelOf, type Shape, sameShape } from '../../../shape.ts';
import { isOfClass, type Tensor } from '../../../tensor.ts';
import { to } from '../../creation/copy.ts';
import { mul } from '../../elementwise/arithmetic.ts';
import { sum } from '../../reductions/sum.ts';
import { diagonal } from '../../views/diagonal.ts';
import { movedim, permute } from '../../views/permute.ts';
import { reshape } from '../../views/shape.ts';
import { bmm, mm } from '../matmul.ts';
import { labelSizes, parseEquation } from './equation.ts';

/** A tensor whose dimensions have names. */
interface Named {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/** Takes the diagonal of dimensions that share a label. */
function mergeRepeats({ x, labels }: Named): Named {
  for (const [d, label] of labels.entries()) {
    const first = labels.indexOf(label);
    if (first === d) continue;
    const merged = movedim(diagonal(x, { dim1: first, dim2: d }), -1, first);
    return mergeRepeats({ x: merged, labels: labels.filter((_, i) => i !== d) });
  }
  return { x, labels };
}

/** Sums over the labels that nobody asks for any more. Sums of integers are int32. */
function sumOut({ x, labels }: Named, wanted: (label: string) => boolean): Named {
  const dims = labels.flatMap((label, d) => (wanted(label) ? [] : [d]));
  return dims.length === 0 ? { x, labels } : { x: sum(x, dims), labels: labels.filter(wanted) };
}

/** The dimensions brought into the order of `labels`, which are the same set. */
function arrange({ x, labels: from }: Named, labels: readonly string[]): Tensor {
  const order = labels.map((label) => from.indexOf(label));
  return order.every((d, i) => d === i) ? x : permute(x, order);
}

const sizesOf = ({ x, labels }: Named, wanted: readonly string[]): number[] =>
  wanted.map((label) => x.shape[labels.indexOf(label)]!);

/** {@link reshape}, where it has something to do. */
const shaped = (x: Tensor, shape: Shape): Tensor => (sameShape(x.shape, shape) ? x : reshape(x, shape));

/**
 * The product of two operands, summed over the labels that both have and nobody wants: a matrix product, if it can be
 * one.
 */
function contract(first: Named, second: Named, wanted: ReadonlySet<string>): Named {
  const inSecond = new Set(second.labels);
  const inFirst = new Set(first.labels);
  const a = sumOut(first, (label) => inSecond.has(label) || wanted.has(label));
  const b = sumOut(second, (label) => inFirst.has(label) || wanted.has(label));
  const shared = a.labels.filter((label) => inSecond.has(label));
  const batch = shared.filter((label) => wanted.has(label));
  const inner = shared.filter((label) => !wanted.has(label));
  const rows = a.labels.filter((label) => !inSecond.has(label));
  const columns = b.labels.filter((label) => !inFirst.has(label));
  const labels = [...batch, ...rows, ...columns];

  const [n, k, m] = [sizesOf(a, rows), sizesOf(a, inner), sizesOf(b, columns)];
  const batches = sizesOf(a, batch);
  const dtype = promoteTypes(a.x.dtype, b.x.dtype);
  if (inner.length > 0 && first.x.dtype !== second.x.dtype && isFloatingPoint(dtype)) {
    throw new DTypeError(
      `einsum: expected operands of one dtype where products are summed, got ${first.x.dtype} and ${second.x.dtype}; convert one with to()`,
    );
  }
  const left = to(arrange(a, [...batch, ...rows, ...inner]), dtype);
  if (inner.length === 0 || (rows.length === 0 && columns.length === 0 && batch.length > 0)) {
    const right = to(arrange(b, [...batch, ...columns, ...inner]), dtype);
    const x = shaped(left, [...batches, ...n, ...columns.map(() => 1), ...k]);
    const y = shaped(right, [...batches, ...rows.map(() => 1), ...m, ...k]);
    const product = mul(x, y);
    return {
      x:
        inner.length === 0
          ? product
          : sum(
              product,
              inner.map((_, i) => -1 - i),
            ),
      labels,
    };
  }
  const right = to(arrange(b, [...batch, ...inner, ...columns]), dtype);
  const [rowCount, depth, columnCount] = [numelOf(n), numelOf(k), numelOf(m)];
  const product =
    batch.length === 0
      ? mm(shaped(left, [rowCount, depth]), shaped(right, [depth, columnCount]))
      : bmm(
          shaped(left, [numelOf(batches), rowCount, depth]),
          shaped(right, [numelOf(batches), depth, columnCount]),
        );
  return { x: shaped(product, [...batches, ...n, ...m]), labels };
}

/** The terms of the form that names dimensions by numbers: `einsum(a, [0, 1], b, [1, 2], [0, 2])`. */
function fromSublists(args: readonly unknown[]): { equation: string; operands: Tensor[] } {
  const operands: Tensor[] = [];
  const terms: string[] = [];
  const letter = (item: unknown): string => {
    if (item === '...') return item;
    if (!Number.isInteger(item) || (item as number) < 0 || (item as number) >= 52) {
      throw new ValueError(
        `einsum(): not within the valid range [0, 52): subscript ${describe(item)} of a sublist`,
      );
    }
    return String.fromCharCode((item as number) < 26 ? 65 + (item as number) : 71 + (item as number));
  };
  const term = (list: unknown): string => (isArray(list) ? list : []).map(letter).join('');
  let i = 0;
  for (; isOfClass(args[i]); i += 2) {
    operands.push(args[i] as Tensor);
    terms.push(term(args[i + 1]));
  }
  const output = i < args.length ? `->${term(args[i])}` : '';
  return { equation: terms.join(',') + output, operands };
}

const einsumTakes = signature('einsum', { equation: K.text, operands: K.tensors });

/**
 * Sums of products by Einstein's convention: each operand's dimensions get letters; those that do not occur after `->`
 * are summed. Without `->` the letters that occur once remain, in alphabetical order. `...` stands for any dimensions,
 * which broadcast, as do sizes of 1. A letter that one operand has twice takes its diagonal. Operands are contracted
 * from left to right. Follows `torch.einsum`; its form with lists of numbers, `einsum(a, [0, 1], b, [1, 2], [0, 2])`,
 * works too.
 * @throws ValueError for an equation that makes no sense; ShapeError where operands do not fit it; DTypeError where
 * products of floats and of another dtype are to be summed
 * @example
 * ```ts
 * const a = tensor([[1, 2], [3, 4]]);
 * einsum('ij,jk->ik', a, a); // tensor([[ 7, 10], [15, 22]])
 * einsum('...d,d->...', a, tensor([1, -1])); // tensor([-1, -1])
 * einsum('ii', a); // tensor(5)
 * ```
 */
export const einsum: {
  (equation: string, ...operands: readonly Tensor[] | readonly [readonly Tensor[]]): Tensor;
  (...sublists: readonly (Tensor | readonly (number | '...')[])[]): Tensor;
} = alias('einsum', (first: unknown, ...rest: readonly unknown[]): Tensor => {
  const listed = isArray(rest[0]) ? rest[0] : rest;
  if (typeof first === 'string' || !isOfClass(first)) einsumTakes([first, listed]);
  const given =
    typeof first === 'string'
      ? { equation: first, operands: listed as Tensor[] }
      : fromSublists([first, ...rest]);
  const tensors = given.operands;
  if (tensors.length === 0) throw new ValueError('einsum(): must provide at least one operand');
  const shapes = tensors.map((x) => x.shape);
  const { operands, output } = parseEquation(given.equation, shapes);
  const sizes = labelSizes(operands, shapes);

  const parts = tensors.map((x, i): Named => {
    const merged = mergeRepeats({ x, labels: operands[i]! });
    // A size of 1 that broadcasts is left to the operand that has the full size.
    const labels = merged.labels.filter((label, d) => merged.x.shape[d] === sizes.get(label));
    if (labels.length === merged.labels.length) return merged;
    return { x: reshape(merged.x, sizesOf(merged, labels)), labels };
  });
  const result = parts.reduce((product, part, i) => {
    const later = parts.slice(i + 1).flatMap(({ labels }) => labels);
    return contract(product, part, new Set([...output, ...later]));
  });
  const wanted = new Set(output);
  return arrange(
    sumOut(result, (label) => wanted.has(label)),
    output,
  );
});
