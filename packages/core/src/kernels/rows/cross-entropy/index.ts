/** Cross-entropy: of rows, of columns, and whole, from logits and targets to the loss and its gradient. */

export { areClasses, type CrossEntropyTargets, crossEntropyLoss, evenly } from './loss.ts';
export { crossEntropyRows } from './rows.ts';
