import { elementsOf, recordFirstMentions } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';

const firstMentionsPrimitive = definePrimitive<number>({
  name: 'first_mentions',
  infer: ([index]) => ({ shape: index.shape, dtype: 'bool' }),
  kernel([index], size, out) {
    const target = out.storage.array;
    const places = elementsOf(index);
    if (recordFirstMentions(places, size, target)) return;
    const seen = new Set<number>();
    let p = 0;
    for (const i of places) {
      const place = i < 0 ? i + size : i;
      target[p++] = Number(!seen.has(place));
      seen.add(place);
    }
  },
});

/**
 * Where `index` names a place of a dimension of `size` for the first time, as a bool. What is stored once, however
 * often its place is named, has its gradient counted once.
 */
export const firstMentions = (index: Tensor, size: number): Tensor =>
  apply(firstMentionsPrimitive, [index], size);
