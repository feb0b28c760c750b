/**
 * What never changes, in a slot of something that does: in a page that was rendered it stays as it stands there, and is
 * not gone over again when the page comes alive.
 */
import { defineComponent, getCurrentInstance, h } from 'vue';

export default defineComponent((_, { slots }) => {
  const rendered = getCurrentInstance()?.vnode.el as Element | null | undefined;
  const html = rendered?.innerHTML;
  return () => (html === undefined ? h('div', slots.default?.()) : h('div', { innerHTML: html }));
});
