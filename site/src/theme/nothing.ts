/** Stands for parts of VitePress' theme that no page has; see the configuration. */
export default () => null;
