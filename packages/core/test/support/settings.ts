/** What a test file may change for the whole process, which is that of the files after it too. */
import {
  autograd,
  getDefaultDtype,
  getNumThreads,
  getPrintOptions,
  setDefaultDtype,
  setNumThreads,
  setPrintOptions,
} from '@kindling/core';
import { worth } from '../../src/kernels/threads/index.ts';

const first = {
  threads: getNumThreads(),
  dtype: getDefaultDtype(),
  print: getPrintOptions(),
  worth: { ...worth },
  directory: process.cwd(),
};

/** Puts all of it back to what it was when the process began. */
export function restoreSettings(): void {
  setNumThreads(first.threads);
  setDefaultDtype(first.dtype);
  setPrintOptions(first.print);
  autograd.setDetectAnomaly(false);
  Object.assign(worth, first.worth);
  process.chdir(first.directory);
}
