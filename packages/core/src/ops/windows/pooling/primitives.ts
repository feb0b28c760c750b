/** The operations behind pooling of one to three dimensions: x has `rank` spatial ones, and planes of those. */

import { ValueError } from '../../../errors.ts';
import {
  addInPlanes,
  elementsOf,
  type Pooling,
  poolGreatest,
  poolMeans,
  poolSpread,
  putInPlanes,
  takeFromPlanes,
  triple,
} from '../../../kernels/index.ts';
import {
  apply,
  applyMulti,
  defineMulti,
  definePrimitive,
  INPUT,
  isGradEnabled,
  OUTPUT,
} from '../../../record/index.ts';
import { numelOf, type Shape } from '../../../shape.ts';
import { Tensor } from '../../../tensor.ts';
import { where } from '../../elementwise/select.ts';

/** Windows over the last dimensions. */
export interface Windows {
  readonly rank: number;
  /** How many there are along each dimension. */
  readonly out: Shape;
  readonly along: Pooling['along'];
}

/** The windows, and the sizes of what they look at. */
interface Sized extends Windows {
  readonly sizes: Shape;
}

const lead = (x: Shape, rank: number): Shape => x.slice(0, x.length - rank);
const spatial = (x: Shape, rank: number): Shape => x.slice(x.length - rank);

const poolingOf = (x: Shape, { rank, out, along }: Windows): Pooling => ({
  planes: numelOf(lead(x, rank)),
  size: triple(spatial(x, rank), 1),
  out: triple(out, 1),
  along,
});

/**
 * A gradient that depends on x no more than by a derivative of zeros, which it has in PyTorch: where it may be asked
 * for.
 */
const connected = (dx: Tensor, x: Tensor): Tensor =>
  isGradEnabled() ? where(Tensor.scalar(1, 'bool'), dx, x) : dx;

const greatestPrimitive = defineMulti<Windows, [Tensor] | [Tensor, Tensor], [Tensor, Tensor]>({
  name: 'max_pool',
  saves: INPUT(0) | OUTPUT,
  infer([x], { rank, out }) {
    const shape = [...lead(x.shape, rank), ...out];
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int32' },
    ];
  },
  kernel([x, samples], windows, [values, indices]) {
    poolGreatest(poolingOf(x.shape, windows), x, samples ?? null, values, indices);
  },
  derivative([g], node) {
    const { rank } = node.attrs;
    const sizes = spatial(node.shape(0), rank);
    const dx =
      g === null ? null : connected(putAt(g, node.output(1), { rank, sizes, adds: true }), node.input(0));
    return [dx, null].slice(0, node.inputShapes.length);
  },
});

/** The greatest entry of each window and its index in its plane; random numbers say where windows lie that do so. */
export const greatestOf = (x: Tensor, samples: Tensor | null, windows: Windows): [Tensor, Tensor] => [
  ...applyMulti(greatestPrimitive, samples === null ? [x] : [x, samples], windows),
];

const meansPrimitive = definePrimitive<Windows>({
  name: 'avg_pool',
  saves: INPUT(0),
  infer: ([x], { rank, out }) => ({ shape: [...lead(x.shape, rank), ...out], dtype: x.dtype }),
  kernel: ([x], windows, y) => poolMeans(poolingOf(x.shape, windows), x, y),
  derivative(g, node) {
    const sizes = spatial(node.shape(0), node.attrs.rank);
    return [connected(apply(spreadPrimitive, [g], { ...node.attrs, sizes }), node.input(0))];
  },
});

const spreadPrimitive = definePrimitive<Sized>({
  name: 'avg_pool_backward',
  saves: 0,
  infer: ([y], { rank, sizes }) => ({ shape: [...lead(y.shape, rank), ...sizes], dtype: y.dtype }),
  kernel: ([y], windows, x) => poolSpread(poolingOf(x.shape, windows), y, x),
  derivative: (g, { attrs: { sizes: _, ...windows } }) => [meansOf(g, windows)],
});

/** The mean of each window. */
export const meansOf = (x: Tensor, windows: Windows): Tensor => apply(meansPrimitive, [x], windows);

/** Where elements go in planes of `sizes`. */
interface Putting {
  readonly rank: number;
  readonly sizes: Shape;
  /** Whether those that meet are added up, and those of no place left out, not refused. */
  readonly adds: boolean;
}

const placesOf = (index: Tensor, rank: number, sizes: Shape) => ({
  planes: numelOf(lead(index.shape, rank)),
  size: numelOf(sizes),
  count: numelOf(spatial(index.shape, rank)),
  index: elementsOf(index),
});

function refuse(bad: number | null, sizes: Shape): void {
  if (bad === null) return;
  throw new ValueError(`Found an invalid max index: ${bad} (output volumes are of size ${sizes.join('x')})`);
}

const putPrimitive = definePrimitive<Putting, [Tensor, Tensor]>({
  name: 'max_unpool',
  saves: INPUT(1),
  infer: ([values], { rank, sizes }) => ({
    shape: [...lead(values.shape, rank), ...sizes],
    dtype: values.dtype,
  }),
  kernel([values, index], { rank, sizes, adds }, out) {
    const places = placesOf(index, rank, sizes);
    if (adds) addInPlanes(places, elementsOf(values), elementsOf(out));
    else refuse(putInPlanes(places, elementsOf(values), elementsOf(out)), sizes);
  },
  derivative: (g, node) => [apply(takePrimitive, [g, node.input(1)], node.attrs.rank), null],
});

const takePrimitive = definePrimitive<number, [Tensor, Tensor]>({
  name: 'max_unpool_backward',
  saves: INPUT(1),
  infer: ([x, index]) => ({ shape: index.shape, dtype: x.dtype }),
  kernel([x, index], rank, out) {
    takeFromPlanes(placesOf(index, rank, spatial(x.shape, rank)), elementsOf(x), elementsOf(out));
  },
  derivative(g, node) {
    const rank = node.attrs;
    return [putAt(g, node.input(1), { rank, sizes: spatial(node.shape(0), rank), adds: true }), null];
  },
});

/** Planes of zeros with elements at their places. */
export const putAt = (values: Tensor, index: Tensor, putting: Putting): Tensor =>
  apply(putPrimitive, [values, index], putting);
