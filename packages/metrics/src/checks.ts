/** What both kinds of metrics ask of a batch. */
import { formatShape, full, type Shape, ShapeError, sameShape, Tensor, ValueError } from '@kindling/core';

/** Refuses a tensor at the first place where `bad` holds, if there is one. */
export function refuseWhere(
  caller: string,
  name: string,
  x: Tensor,
  bad: Tensor,
  expected: string,
  hint = '',
): void {
  const places = bad.nonzero();
  if (places.shape[0] === 0) return;
  const place = places.select(0, 0).tolist() as number[];
  let at = x;
  for (const i of place) at = at.select(0, i);
  const where = place.length === 0 ? '' : ` at [${place.join(', ')}]`;
  throw new ValueError(`${caller}: ${name}: expected ${expected}, got ${at.item()}${where}${hint}`);
}

/** What is neither NaN nor infinite is refused. */
export const refuseInfinite = (caller: string, name: string, x: Tensor): void =>
  refuseWhere(caller, name, x, x.isfinite().logicalNot(), 'finite numbers');

/**
 * The weights of samples that are laid out in `shape`, one behind the other, float64.
 * @throws ShapeError, ValueError
 */
export function weightsOf(caller: string, weight: number | Tensor, shape: Shape): Tensor {
  const count = shape.reduce((n, size) => n * size, 1);
  const given =
    weight instanceof Tensor ? weight.detach().to('float64') : full([], weight, { dtype: 'float64' });
  refuseWhere(
    caller,
    'weight',
    given,
    given.isfinite().logicalAnd(given.ge(0)).logicalNot(),
    'finite numbers >= 0',
  );
  if (given.ndim === 0) return given.expand([count]);
  if (sameShape(given.shape, shape)) return given.reshape([count]);
  const [first = 1, ...inner] = shape;
  if (sameShape(given.shape, [first]))
    return given
      .reshape([first, ...inner.map(() => 1)])
      .expand([...shape])
      .reshape([count]);
  const fits = shape.length > 1 ? `${formatShape([first])} or ${formatShape(shape)}` : formatShape(shape);
  throw new ShapeError(
    `${caller}: weight has shape ${formatShape(given.shape)}, expected ${fits}, or a number`,
  );
}
