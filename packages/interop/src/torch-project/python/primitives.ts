/** Primitives that no public function stands before, as they occur in the library's own functions. */
import type { Argument, Operation } from '../../recording/index.ts';
import type { Writing } from './functions.ts';
import { call, flat, type Py } from './layout.ts';

type Form = (operation: Operation, write: Writing) => Py;
type Attributes = Readonly<Record<string, Argument>>;

const attributesOf = ({ attributes }: Operation): Attributes => attributes as Attributes;

/** How they are written, by their names. */
export const primitiveForms: Readonly<Record<string, Form>> = {
  detach: ({ inputs: [x] }, write) => call(`${flat(write.py(x))}.detach`, []),
  _to_copy: (operation, write) =>
    call(`${flat(write.py(operation.inputs[0]))}.to`, [`torch.${String(attributesOf(operation).dtype)}`]),
};
