/** What is done to the site that VitePress has built: it finds its base by itself, and each page has a policy. */
export { fewMethods } from './few-methods.ts';
export { finish, placeholderBase } from './finish.ts';
export { pressed } from './pressed.ts';
