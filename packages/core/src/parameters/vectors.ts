import { K, refuseExcess, signature } from '../arguments/index.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { cat } from '../ops/arranging/joining.ts';
import { copy_ } from '../ops/creation/copy.ts';
import { reshape } from '../ops/views/shape.ts';
import { narrow } from '../ops/views/slices.ts';
import { noGrad } from '../record/grad-mode.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { tensorList } from './list.ts';

/**
 * All parameters, one after the other, as one vector; it is differentiated as any other tensor. Follows
 * `torch.nn.utils.parameters_to_vector`.
 * @throws ValueError where there are none
 * @example parametersToVector([tensor([[1, 2], [3, 4]]), tensor([5])]); // tensor([1, 2, 3, 4, 5])
 */
export function parametersToVector(parameters: Tensor | Iterable<Tensor>): Tensor {
  if (arguments.length > 1) refuseExcess('parametersToVector', ['parameters'], arguments);
  const list = tensorList('parametersToVector', 'parameters', parameters);
  if (list.length === 0)
    throw new ValueError('parametersToVector: expected at least one parameter, got none');
  return cat(list.map((p) => reshape(p, [-1])));
}

const takesVector = /* @__PURE__ */ signature('vectorToParameters', {
  vector: K.tensor,
  parameters: K.anything,
});

/**
 * Copies the elements of a vector into the parameters, one after the other: undoes {@link parametersToVector}. The
 * parameters keep their dtype and their memory. Follows `torch.nn.utils.vector_to_parameters`.
 * @throws ShapeError unless the vector has as many elements as all parameters; nothing is changed then
 * @example
 * ```ts
 * const w = tensor([[1.5, 2], [3, 4]], { requiresGrad: true });
 * vectorToParameters(parametersToVector([w]).mul(2), [w]);
 * w; // tensor([[3., 4.], [6., 8.]], requires_grad=True)
 * ```
 */
export function vectorToParameters(vector: Tensor, parameters: Tensor | Iterable<Tensor>): void {
  takesVector(arguments);
  const list = tensorList('vectorToParameters', 'parameters', parameters);
  const count = list.reduce((sum, p) => sum + p.count, 0);
  if (vector.count !== count) {
    throw new ShapeError(
      `vectorToParameters: the parameters have ${count} elements, the vector of shape ${formatShape(vector.shape)} has ` +
        `${vector.count}`,
    );
  }
  noGrad(() => {
    const flat = reshape(vector, [-1]);
    let start = 0;
    for (const p of list) {
      copy_(p, reshape(narrow(flat, 0, start, p.count), p.shape));
      start += p.count;
    }
  });
}
