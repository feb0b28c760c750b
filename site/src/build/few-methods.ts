/**
 * Builds some workers on fewer methods of Tensor. A method is reached by its name, so bundlers keep all of them; and in
 * the packages as they are published they cannot be told apart any more. Such a worker is built from the sources of the
 * packages.
 */
import { join } from 'node:path';
import type { Plugin } from 'vitepress';
import { annotated } from '../../../tools/annotations.ts';

const packages = join(import.meta.dirname, '../../../packages');
const whole = join(packages, 'core/src/methods.ts');

/**
 * @param entries workers that are built so
 * @param methods the module that takes the place of `methods.ts` of core
 */
export function fewMethods(entries: RegExp, methods: string): Plugin {
  let wanted = false;
  return {
    name: 'few-methods',
    enforce: 'pre',
    buildStart({ input }) {
      wanted = Object.values(input).some((path) => entries.test(path));
    },
    async resolveId(name, importer, options) {
      if (!wanted) return null;
      const [, ofPackage] = /^(.*)\/dist\/+index\.js$/.exec(name) ?? [];
      const path = ofPackage === undefined ? name : `${ofPackage}/src/index.ts`;
      const found = await this.resolve(path, importer, { ...options, skipSelf: true });
      return found?.id === whole ? { id: methods, moduleSideEffects: true } : found;
    },
    transform: (code, id) =>
      wanted && id.startsWith(packages) && id.endsWith('.ts')
        ? { code: annotated(code, id), map: null }
        : null,
  };
}
