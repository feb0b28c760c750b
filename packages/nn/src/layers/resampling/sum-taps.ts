import {
  apply,
  definePrimitive,
  INPUT,
  type MadeOfTaps,
  type Primitive,
  type Shape,
  sumTaps,
  type Tensor,
} from '@kindling/core';

/**
 * Sums of elements at places, each times a weight of its own: three operations, each the derivative of the two others.
 */

interface Sized {
  /** The shape of what is made. */
  readonly shape: Shape;
}

const others = { x: ['weights', 'y'], weights: ['x', 'y'], y: ['x', 'weights'] } as const;

const made = (name: string, what: MadeOfTaps): Primitive<Sized, [Tensor, Tensor, Tensor]> => {
  const [first, second] = others[what];
  return definePrimitive({
    name,
    saves: INPUT(0) | INPUT(1) | INPUT(2),
    keepsNothing: true,
    infer: ([a], { shape }) => ({ shape, dtype: a.dtype }),
    kernel([a, b, index], _, out) {
      const given: Given = { [first]: a, [second]: b };
      const { x = out, weights = out, y = out } = given;
      sumTaps(what, x, index, weights, y);
    },
    derivative: (g, node) => [
      node.needs(0)
        ? make(first, { [what]: g, [second]: node.input(1) }, node.input(2), node.shape(0))
        : null,
      node.needs(1)
        ? make(second, { [what]: g, [first]: node.input(0) }, node.input(2), node.shape(1))
        : null,
      null,
    ],
  });
};

const primitives = {
  x: /* @__PURE__ */ made('taps_to_input', 'x'),
  weights: /* @__PURE__ */ made('taps_to_weights', 'weights'),
  y: /* @__PURE__ */ made('sum_taps', 'y'),
};

type Given = { readonly [K in MadeOfTaps]?: Tensor };

/** What is made of the two others: see core's `sumTaps`. */
function make(what: MadeOfTaps, given: Given, index: Tensor, shape: Shape): Tensor {
  const [first, second] = others[what];
  return apply(primitives[what], [given[first] as Tensor, given[second] as Tensor, index], { shape });
}

/**
 * (N, C, P), of x (N, C, S): the sums of the elements at `index`, (N, K, P), each times its weight; 0 stands for one
 * outside.
 */
export const sumOfTaps = (x: Tensor, index: Tensor, weights: Tensor): Tensor =>
  make('y', { x, weights }, index, [x.size(0), x.size(1), index.size(2)]);

/** The gradient that reaches x, of planes of `size`, of one to these sums. */
export const gradientOfTaps = (y: Tensor, index: Tensor, weights: Tensor, size: number): Tensor =>
  make('x', { y, weights }, index, [y.size(0), y.size(1), size]);
