/** Has parts of VitePress' theme come alive in tasks of their own: what stands before each is made here, the part is as it was. */
import { dirname, join } from 'node:path';
import type { Plugin } from 'vitepress';

/** None that reads the headings of the page: it would come after the word that they are there. */
const parts = ['VPNav', 'VPNavBarMenu', 'VPNavBarExtra', 'VPSidebarGroup', 'VPContent', 'VPDocFooter'];
const ownTask = join(import.meta.dirname, '../live/in-its-own-task.ts');

export function ownTasks(): Plugin {
  const mark = '\0own-task:';
  return {
    name: 'own-tasks',
    enforce: 'pre',
    resolveId(name, importer) {
      const part = /^\.\/(?:components\/)?(\w+)\.vue$/.exec(name)?.[1];
      if (part === undefined || !parts.includes(part) || importer?.includes('/theme-default/') !== true)
        return null;
      return mark + join(dirname(importer), name);
    },
    load(id) {
      if (!id.startsWith(mark)) return null;
      return `import Part from ${JSON.stringify(id.slice(mark.length))};
import { inItsOwnTask } from ${JSON.stringify(ownTask)};
export default inItsOwnTask(Part);`;
    },
  };
}
