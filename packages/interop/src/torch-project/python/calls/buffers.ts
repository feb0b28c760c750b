/** Buffers that no state dict holds, by what their elements are. */
import { elementsOf, type Tensor } from '@kindling/core';
import { ExportError } from '../../../errors.ts';
import { call, dtypeName, element, nested, number, type Py, suffixed } from '../text/index.ts';

/** The most elements that are written one by one. */
const few = 64;

/**
 * Which of a matrix's elements lie where a triangle of ones has them: `tril` or `triu` of a matrix full of one number.
 */
function triangle(
  values: ArrayLike<number>,
  [rows = 0, columns = 0]: readonly number[],
): { name: string; diagonal: number; value: number } | null {
  const value = Array.from(values).find((v) => v !== 0);
  if (value === undefined) return null;
  for (const name of ['tril', 'triu'])
    for (const diagonal of [0, 1, -1]) {
      const inside = (i: number, j: number): boolean =>
        name === 'tril' ? j - i <= diagonal : j - i >= diagonal;
      const fits = Array.from({ length: rows * columns }, (_, k) =>
        inside(Math.floor(k / columns), k % columns) ? value : 0,
      );
      if (fits.every((v, k) => Object.is(v, values[k]))) return { name, diagonal, value };
    }
  return null;
}

/**
 * An expression for a buffer's elements.
 * @throws ExportError where there is no short one
 */
export function nonPersistent(name: string, x: Tensor): Py {
  const values = elementsOf(x);
  const scalar = (v: number): string => element(v, x.dtype);
  // What the numbers do not tell.
  const dtype = x.dtype === 'float64' || x.dtype === 'uint8' ? [`dtype=${dtypeName(x.dtype)}`] : [];
  const shape = `(${x.shape.join(', ')}${x.ndim === 1 ? ',' : ''})`;
  const [first = 0] = values;
  if (values.every((v) => Object.is(v, first))) return call('torch.full', [shape, scalar(first), ...dtype]);
  if (x.ndim === 1 && values.every((v, i) => v === first + i))
    return call('torch.arange', [number(first), number(first + x.count), `dtype=${dtypeName(x.dtype)}`]);
  const found = x.ndim === 2 ? triangle(values, x.shape) : null;
  if (found !== null) {
    const { diagonal, value } = found;
    return suffixed(
      call('torch.full', [shape, scalar(value), ...dtype]),
      `.${found.name}(${diagonal === 0 ? '' : diagonal})`,
    );
  }
  if (x.count <= few) return call('torch.tensor', [nested(values, x.shape, x.dtype), ...dtype]);
  throw new ExportError(
    `the buffer ${name} is in no state dict, and has ${x.count} elements that follow no simple rule: register it with persistent: true`,
  );
}
