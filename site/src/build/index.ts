/** What is done to the site that VitePress has built: it finds its base by itself, and each page has a policy. */
export { finish, placeholderBase } from './finish.ts';
export { pressed } from './pressed.ts';
