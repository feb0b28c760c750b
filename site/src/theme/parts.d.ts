/** Parts of VitePress' theme by their own names, where something stands before them; it does not say their types. */
declare module 'theme-part/*' {
  const component: import('vue').Component;
  export default component;
}
