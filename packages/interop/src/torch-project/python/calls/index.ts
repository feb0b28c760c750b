/** What the library's functions, operations and layers are called in PyTorch, and with what. */
export { nonPersistent } from './buffers.ts';
export { Expressions } from './expressions.ts';
export { functionCall, operationCall } from './functions.ts';
export { construction, torchClass } from './layers.ts';
export { primitiveForms } from './primitives.ts';
