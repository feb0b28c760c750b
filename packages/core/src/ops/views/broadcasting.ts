import { K, signature } from '../../arguments/index.ts';
import { broadcastAll, checkShape, type Shape } from '../../shape.ts';

const broadcastShapesTakes = signature('broadcastShapes', {
  shapes: K.listOf(K.sizeOrSizes, 'sizes or shapes, one by one'),
});

/**
 * The shape to which shapes broadcast: right-aligned, a size of 1 stretches; a number counts as a shape of one size.
 * Follows `torch.broadcast_shapes`.
 * @throws ShapeError that names the shapes and the first dimension (from the right) that does not fit
 * @example broadcastShapes([2, 1], 3); // [ 2, 3 ]
 */
export function broadcastShapes(...shapes: readonly (Shape | number)[]): Shape {
  broadcastShapesTakes([shapes]);
  const lists = shapes.map((s) => (typeof s === 'number' ? [s] : s).map((n) => n + 0));
  for (const list of lists) checkShape(list, 'broadcastShapes');
  return broadcastAll(lists, 'broadcastShapes');
}
