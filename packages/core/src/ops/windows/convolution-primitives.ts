/**
 * The three operations behind convolutions of one to three dimensions, each the derivative of the two others: of x,
 * weights and y, where y = x * weights, one is made of the other two.
 */

import { convolve, type Geometry, triple } from '../../kernels/index.ts';
import { apply, definePrimitive, type GradNode, INPUT, type PrimitiveSpec } from '../../record/index.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { sum } from '../reductions/sum.ts';
import { narrow } from '../views/slices.ts';

/** How windows go over x. */
interface Steps {
  readonly stride: Shape;
  readonly padding: Shape;
  readonly dilation: Shape;
  readonly groups: number;
}

/** What cannot be told from the two that are given: the spatial sizes of the third. */
interface Sized extends Steps {
  readonly sizes: Shape;
}

/** How many entries a dimension of y has. */
export const windowsAlong = (
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
): number => Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;

function geometryOf(
  x: Shape,
  weight: Shape,
  y: Shape,
  { stride, padding, dilation, groups }: Steps,
): Geometry {
  const [batch = 0, , ...size] = x;
  const [filters = 0, channels = 0, ...kernel] = weight;
  return {
    batch,
    groups,
    channels,
    filters: filters / groups,
    size: triple(size, 1),
    kernel: triple(kernel, 1),
    out: triple(y.slice(2), 1),
    stride: triple(stride, 1),
    padding: triple(padding, 0),
    dilation: triple(dilation, 1),
  };
}

type Inputs = [Tensor, Tensor] | [Tensor, Tensor, Tensor];

/** The gradient to an added bias. */
const biasGradient = (g: Tensor): Tensor => {
  const dims = g.shape.map((_, d) => d).filter((d) => d !== 1);
  return sum(g, dims, { dtype: g.dtype });
};

/** Gradients to the two that were given, and to the bias where one was. */
const gradients = <A>(
  node: GradNode<A>,
  g: Tensor,
  first: () => Tensor,
  second: () => Tensor,
): (Tensor | null)[] => [
  node.needs(0) ? first() : null,
  node.needs(1) ? second() : null,
  ...(node.needs(2) ? [biasGradient(g)] : []),
];

const spatial = (x: Shape): Shape => x.slice(2);

/**
 * y of x and weights, of no more windows than there were: output padding may make room for more of them, which reach
 * nothing.
 */
const windowsThatWere = (x: Tensor, weight: Tensor, steps: Steps, were: Shape): Tensor =>
  spatial(were).reduce(
    (y, size, d) => (y.size(d + 2) === size ? y : narrow(y, d + 2, 0, size)),
    convolutionForward(x, weight, null, steps),
  );

const forward: PrimitiveSpec<Steps, Inputs> = {
  name: 'convolution',
  saves: INPUT(0) | INPUT(1),
  infer([x, weight], { stride, padding, dilation }) {
    const [batch = 0, , ...size] = x.shape;
    const [filters = 0, , ...kernel] = weight.shape;
    const out = size.map((n, d) =>
      windowsAlong(n, kernel[d] ?? 1, stride[d] ?? 1, padding[d] ?? 0, dilation[d] ?? 1),
    );
    return { shape: [batch, filters, ...out], dtype: x.dtype };
  },
  kernel([x, weight, bias], steps, y) {
    const geometry = geometryOf(x.shape, weight.shape, y.shape, steps);
    convolve(geometry, 'y', { x, weight, y }, bias ?? null);
  },
  derivative: (g, node) =>
    gradients(
      node,
      g,
      () => convolutionInput(g, node.input(1), null, { sizes: spatial(node.shape(0)), ...node.attrs }),
      () => convolutionWeight(node.input(0), g, { sizes: spatial(node.shape(1)), ...node.attrs }),
    ),
};

const toInput: PrimitiveSpec<Sized, Inputs> = {
  name: 'convolution_transposed',
  saves: INPUT(0) | INPUT(1),
  infer([y, weight], { groups, sizes }) {
    const [batch = 0] = y.shape;
    const [, channels = 0] = weight.shape;
    return { shape: [batch, channels * groups, ...sizes], dtype: y.dtype };
  },
  kernel([y, weight, bias], steps, x) {
    const geometry = geometryOf(x.shape, weight.shape, y.shape, steps);
    convolve(geometry, 'x', { x, weight, y }, bias ?? null);
  },
  derivative(g, node) {
    const { sizes: _, ...steps } = node.attrs;
    return gradients(
      node,
      g,
      () => windowsThatWere(g, node.input(1), steps, node.shape(0)),
      () => convolutionWeight(g, node.input(0), { sizes: spatial(node.shape(1)), ...steps }),
    );
  },
};

const toWeight: PrimitiveSpec<Sized, [Tensor, Tensor]> = {
  name: 'convolution_weight',
  saves: INPUT(0) | INPUT(1),
  infer([x, y], { groups, sizes }) {
    const [, channels = 0] = x.shape;
    const [, filters = 0] = y.shape;
    return { shape: [filters, channels / groups, ...sizes], dtype: x.dtype };
  },
  kernel([x, y], steps, weight) {
    convolve(geometryOf(x.shape, weight.shape, y.shape, steps), 'weight', { x, weight, y }, null);
  },
  derivative(g, node) {
    const { sizes: _, ...steps } = node.attrs;
    return gradients(
      node,
      g,
      () => convolutionInput(node.input(1), g, null, { sizes: spatial(node.shape(0)), ...steps }),
      () => windowsThatWere(node.input(0), g, steps, node.shape(1)),
    );
  },
};

const forwardPrimitive = definePrimitive(forward);
const inputPrimitive = definePrimitive(toInput);
const weightPrimitive = definePrimitive(toWeight);

const withBias = (a: Tensor, b: Tensor, bias: Tensor | null): Inputs =>
  bias === null ? [a, b] : [a, b, bias];

/** y of x and weights. */
export const convolutionForward = (x: Tensor, weight: Tensor, bias: Tensor | null, steps: Steps): Tensor =>
  apply(forwardPrimitive, withBias(x, weight, bias), steps);

/** x of y and weights: what reached x of a gradient to y, and a transposed convolution. */
export const convolutionInput = (y: Tensor, weight: Tensor, bias: Tensor | null, steps: Sized): Tensor =>
  apply(inputPrimitive, withBias(y, weight, bias), steps);

/** Weights of x and y: what reaches them of a gradient to y. */
const convolutionWeight = (x: Tensor, y: Tensor, steps: Sized): Tensor =>
  apply(weightPrimitive, [x, y], steps);
