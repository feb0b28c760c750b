/** Has parts of VitePress' theme come alive in tasks of their own: what stands before each is made here, the part is as it was. */
import { join } from 'node:path';
import type { Plugin } from 'vitepress';

const parts = [
  'VPNav',
  'VPNavBarMenu',
  'VPNavBarExtra',
  'VPLocalNav',
  'VPSidebarGroup',
  'VPContent',
  'VPDocAside',
  'VPDocFooter',
];
const components = 'vitepress/dist/client/theme-default/components';
const ownTask = JSON.stringify(join(import.meta.dirname, '../live/in-its-own-task.ts'));

export function ownTasks(): Plugin {
  const mark = '\0own-task:';
  return {
    name: 'own-tasks',
    enforce: 'pre',
    resolveId(name, importer) {
      const part = /^\.\/(?:components\/)?(\w+)\.vue$/.exec(name)?.[1];
      const ofTheme = importer?.includes('/theme-default/') === true;
      return part !== undefined && ofTheme && parts.includes(part) ? mark + part : null;
    },
    load(id) {
      if (!id.startsWith(mark)) return null;
      return `import Part from '${components}/${id.slice(mark.length)}.vue';
import { inItsOwnTask } from ${ownTask};
export default inItsOwnTask(Part);`;
    },
  };
}
