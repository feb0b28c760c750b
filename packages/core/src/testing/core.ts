// The main entry installs the methods of Tensor: tensors made here must have them too.
import '../index.ts';

export { DTypeError } from '../errors.ts';
export { numelOf } from '../shape.ts';
export { wrapArray } from '../tensor.ts';
