/** Primitives that no public function stands before, as they occur in the library's own functions. */
import type { Argument, Operation } from '../../../recording/index.ts';
import { call, flat, type Py } from '../text/index.ts';
import type { Writing } from './functions.ts';

type Form = (operation: Operation, write: Writing) => Py;
type Attributes = Readonly<Record<string, Argument>>;

const attributesOf = ({ attributes }: Operation): Attributes => attributes as Attributes;

/** How they are written, by their names. */
export const primitiveForms: Readonly<Record<string, Form>> = {
  detach: ({ inputs: [x] }, write) => call(`${flat(write.py(x))}.detach`, []),
  nll_loss: likelihood,
  cross_entropy: likelihood,
  cross_entropy_mass: likelihood,
  cross_entropy_loss: likelihood,
  nll_loss2_d: likelihood,
  class_shares(operation, write) {
    const { ignoreIndex, dtype } = attributesOf(operation);
    const [target, weight] = operation.inputs.map((x) => flat(write.py(x)));
    const counts = `(${target} != ${String(ignoreIndex)})`;
    return weight === undefined
      ? `${counts}.to(torch.${String(dtype)})`
      : `${weight}[${target}.clamp(min=0)] * ${counts}`;
  },
  class_mask(operation, write) {
    const { classes, dim, ignoreIndex, dtype } = attributesOf(operation);
    const target = flat(write.py(operation.inputs[0]));
    const ignores = typeof ignoreIndex === 'number';
    const mask = `F.one_hot(${target}${ignores ? '.clamp(min=0)' : ''}, ${String(classes)}).movedim(-1, ${String(dim)}).to(torch.${String(dtype)})`;
    return ignores ? `${mask} * (${target} != ${ignoreIndex}).unsqueeze(${String(dim)})` : mask;
  },
  _to_copy: (operation, write) =>
    call(`${flat(write.py(operation.inputs[0]))}.to`, [`torch.${String(attributesOf(operation).dtype)}`]),
};

const keyword = (name: string, x: Argument, write: Writing): Py => `${name}=${flat(write.py(x))}`;

/** The likelihood of classes, whose dimension is PyTorch's second one. */
function likelihood(operation: Operation, write: Writing): Py {
  const { dim, ignoreIndex, reduction } = attributesOf(operation);
  const [values, target, weight] = operation.inputs.map((x) => flat(write.py(x)));
  const isSecond = dim === 1 || operation.inputs[0]?.shape.length === 1;
  const smoothing = attributesOf(operation).labelSmoothing;
  return call(smoothing === undefined ? 'F.nll_loss' : 'F.cross_entropy', [
    isSecond ? String(values) : `${values}.movedim(${String(dim)}, 1)`,
    String(target),
    ...(weight === undefined ? [] : [`weight=${weight}`]),
    ...(ignoreIndex === -100 ? [] : [`ignore_index=${String(ignoreIndex)}`]),
    ...(smoothing === undefined || smoothing === 0 ? [] : [keyword('label_smoothing', smoothing, write)]),
    ...(reduction === 'mean' ? [] : [`reduction="${String(reduction)}"`]),
  ]);
}
