import { pathToFileURL } from 'node:url';

/** @type {import('node:module').ResolveHook} */
export const resolve = (specifier, context, next) =>
  specifier.startsWith('@kindling/')
    ? {
        url: pathToFileURL(`${process.env.KINDLING_BUNDLED}/${specifier}.mjs`).href,
        format: 'module',
        shortCircuit: true,
      }
    : next(specifier, context);
