import { K } from '../arguments/index.ts';
import { Generator } from './generator.ts';

/** What an option `generator` takes. Kindling's own. */
export const generatorKind = /* @__PURE__ */ K.instanceOf(Generator, 'a Generator');
