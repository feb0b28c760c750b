/** What programs in the page may import, each loaded when a program names it. */

const registry: Readonly<Record<string, () => Promise<object>>> = {
  '@kindling/core': () => import('@kindling/core'),
  '@kindling/core/testing': () => import('@kindling/core/testing'),
  '@kindling/core/testing/assertions': () => import('@kindling/core/testing/assertions'),
  '@kindling/distributions': () => import('@kindling/distributions'),
  '@kindling/metrics': () => import('@kindling/metrics'),
  '@kindling/nn': () => import('@kindling/nn'),
  '@kindling/optim': () => import('@kindling/optim'),
  'fast-check': () => import('fast-check'),
  '@site/explorer': () => import('../explorer/module.ts'),
  '@site/inspector': () => import('../inspector/module.ts'),
  './page': () => import('../page/index.ts'),
};

/** A module as the code made of `import` takes it, which tells modules from what CommonJS exports by this mark. */
const marked = (module: object | undefined): object => ({ ...module, __esModule: true });

/** Modules by name, as `require` finds them once they are there. */
export async function load(names: readonly string[]): Promise<(name: string) => unknown> {
  const known = names.filter((name) => name in registry);
  const modules = new Map(
    await Promise.all(known.map(async (name) => [name, marked(await registry[name]?.())] as const)),
  );
  return (name) => {
    if (modules.has(name)) return modules.get(name);
    const node = /^node:|\/node$|tensorboard|interop/.test(name) ? ' needs Node, and' : '';
    throw new Error(
      `'${name}'${node} is not to be had in the page; there are ${Object.keys(registry).join(', ')}`,
    );
  };
}
