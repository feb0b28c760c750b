import { K } from '../arguments/index.ts';

/** The name of a folder, or of a database: no path. */
export const folderName = /* @__PURE__ */ K.kind(
  'a name without slashes',
  (x) => typeof x === 'string' && /^[^/\\]+$/.test(x) && x !== '.' && x !== '..',
);
