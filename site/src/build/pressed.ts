/** Makes scripts smaller than esbuild does, at many times its cost: for those that are waited for. */
import { minify } from 'terser';
import type { Plugin } from 'vitepress';

/** A plugin that presses the scripts made of some modules. */
export function pressed(entries: RegExp): Plugin {
  return {
    name: 'pressed',
    async generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk' || !entries.test(chunk.facadeModuleId ?? '')) continue;
        const { code } = await minify(chunk.code, { module: true, compress: { passes: 2 } });
        chunk.code = code ?? chunk.code;
      }
    },
  };
}
