import { data, K } from '@kindling/core';
import { Module } from '@kindling/nn';
import { lrScheduler, Optimizer } from '@kindling/optim';
import type { FileURL } from '../../file-url.ts';

/** A folder, or a file URL of one. */
export type Folder = string | FileURL;

export const aModel = /* @__PURE__ */ K.instanceOf(Module, 'a Module');
export const anOptimizer = /* @__PURE__ */ K.kind(
  'an Optimizer of @kindling/optim that PyTorch has; of SAM, its base',
  (x) => x instanceof Optimizer,
);
export const aScheduler = /* @__PURE__ */ K.kind(
  'one schedule: an LRScheduler or ReduceLROnPlateau; several in one by a ChainedScheduler',
  (x) => x instanceof lrScheduler.LRScheduler || x instanceof lrScheduler.ReduceLROnPlateau,
);
export const aFolder = /* @__PURE__ */ K.kind(
  'the path of a folder, or a file URL',
  (x) => (typeof x === 'string' && x !== '' && !x.includes('\0')) || x instanceof URL,
);
export const someData = /* @__PURE__ */ K.kind(
  'tensors in the form of the example, a Dataset or a DataLoader',
  (x) => K.isOptions(x) || Array.isArray(x) || x instanceof data.DataLoader,
);
