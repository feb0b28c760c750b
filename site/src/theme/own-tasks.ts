/**
 * Has parts of VitePress' theme come alive in tasks of their own: what stands before each is made here, the part is as
 * it was.
 */
import { basename, dirname, join } from 'node:path';
import type { Plugin } from 'vitepress';

/**
 * What has each come alive; on a phone the sidebar and parts of the bar cannot be seen. None that reads the headings of
 * the page: it would come after the word that they are there.
 */
const parts: Readonly<Record<string, keyof typeof import('../live/in-its-own-task.ts')>> = {
  VPNav: 'inItsOwnTask',
  VPNavBarMenu: 'onceSeen',
  VPNavBarExtra: 'onceSeen',
  VPSidebarItem: 'onceSeen',
  VPContent: 'inItsOwnTask',
  VPDocFooter: 'inItsOwnTask',
};
const ownTask = join(import.meta.dirname, '../live/in-its-own-task.ts');

export function ownTasks(): Plugin {
  const mark = '\0own-task:';
  return {
    name: 'own-tasks',
    enforce: 'pre',
    resolveId(name, importer) {
      const part = /^\.\/(?:components\/)?(\w+)\.vue$/.exec(name)?.[1];
      if (part === undefined || !Object.hasOwn(parts, part) || importer?.includes('/theme-default/') !== true)
        return null;
      return mark + join(dirname(importer), name);
    },
    load(id) {
      if (!id.startsWith(mark)) return null;
      const path = id.slice(mark.length);
      return `import Part from ${JSON.stringify(path)};
import { ${parts[basename(path, '.vue')]} as alive } from ${JSON.stringify(ownTask)};
export default alive(Part);`;
    },
  };
}
