import { ShapeError } from '../../errors.ts';
import {
  computeChecked,
  copyStrided,
  elementsOf,
  embedStrided,
  fillStrided,
  recordAxes,
  recordPosition,
  scatterStrided,
  stridedOver,
  writeElements,
} from '../../kernels/index.ts';
import { snakeCase } from '../../names.ts';
import {
  apply,
  applyView,
  composed,
  definePrimitive,
  defineView,
  type ViewPrimitive,
} from '../../record/index.ts';
import { setRegionOperations } from '../../record/view-history.ts';
import { expandsTo, formatShape, type Shape, sameShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { contiguous } from '../creation/copy.ts';
import { denseLayout, type Layout, offsetsOf, overlapsItself } from './layout.ts';

/**
 * A region is the part of a tensor that a view such as `select` or `diagonal` shows, given by where its elements would
 * lie if the tensor were dense. One mechanism serves all such views: reading a region (a view), putting it back into
 * zeros (the view's derivative), and overwriting it (`selectScatter`, indexed assignment). Each is the derivative of
 * another.
 */
type Region = Layout;

/** A view of part of a tensor: `layout` says which elements it shows. */
export function defineRegionView<A>(
  name: string,
  layout: (from: Layout, attrs: A) => Layout,
): ViewPrimitive<A> {
  return defineView<A>({
    name,
    alias: layout,
    derivative: (g, node) => embedRegion(g, node.shape(0), layout(denseLayout(node.shape(0)), node.attrs)),
  });
}

/** Any region. */
const regionPrimitive = defineRegionView<Region>('as_strided', (x, region) => ({
  ...region,
  offset: x.offset + region.offset,
}));

/** The part of `x` that lies, when `x` is dense, as `region` says. */
export const takeRegion = (x: Tensor, region: Region): Tensor =>
  applyView(regionPrimitive, contiguous(x), region);

interface Embedding {
  readonly shape: Shape;
  readonly region: Region;
}

const embedPrimitive = definePrimitive<Embedding>({
  name: 'slice_backward',
  saves: 0,
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  kernel([x], { region }, out) {
    const target = out.storage.array;
    if (!overlapsItself(region)) {
      embedStrided(x, stridedOver(target, out.dtype, region.shape, region.offset, region.strides), out, 0);
      return;
    }
    fillStrided(out, 0);
    const source = elementsOf(x);
    const positions = recordPosition(source.length, region.offset);
    if (positions !== null) {
      recordAxes(positions, region, 1);
      computeChecked(target, (wide) => writeElements(wide, positions, source, 'sum'));
      return;
    }
    const offsets = offsetsOf(region.shape, region.strides);
    computeChecked(target, (wide) => {
      for (let i = 0; i < source.length; i++) wide[region.offset + offsets[i]!]! += source[i]!;
    });
  },
  derivative: (g, node) => [takeRegion(g, node.attrs.region)],
});

/** Zeros of `shape` with `x` at `region`; where a region shows an element twice, both are added. */
export const embedRegion = (x: Tensor, shape: Shape, region: Region): Tensor =>
  apply(embedPrimitive, [x], { shape, region });

const putPrimitive = definePrimitive<Region, [Tensor, Tensor]>({
  name: 'copy_slices',
  saves: 0,
  infer([x, value], region) {
    if (!expandsTo(value.shape, region.shape)) {
      throw new ShapeError(
        `shape mismatch: value tensor of shape ${formatShape(value.shape)} cannot be broadcast to indexing result of ` +
          `shape ${formatShape(region.shape)}`,
      );
    }
    return { shape: x.shape, dtype: x.dtype };
  },
  kernel([x, value], { shape, strides, offset }, out) {
    const target = out.storage.array;
    copyStrided(x, target);
    scatterStrided(value, stridedOver(target, out.dtype, shape, offset, strides));
  },
  derivative: (g, node) => [
    node.needs(0) ? putRegion(g, Tensor.scalar(0, g.dtype), node.attrs) : null,
    node.needs(1) ? takeRegion(g, node.attrs) : null,
  ],
});

setRegionOperations({ take: regionPrimitive, put: putPrimitive, overlaps: overlapsItself });

/** A copy of `x` (given `applyInPlace`: x itself) with `value`, broadcast, at `region`. */
export const putRegion = (x: Tensor, value: Tensor, region: Region, run = apply): Tensor =>
  run(putPrimitive, [x, value], region);

/** A copy of x with `source`, which has its shape, at a region: `composed` under the name of what is done. */
export function scatterInto(x: Tensor, source: Tensor, region: Layout, caller: string): Tensor {
  if (!sameShape(source.shape, region.shape)) {
    throw new ShapeError(
      `${caller}: expected src to have a size equal to the slice of self. src size = ${formatShape(source.shape)}, slice ` +
        `size = ${formatShape(region.shape)}`,
    );
  }
  return composed(snakeCase(caller), putRegion(x, source, region), x, source);
}
