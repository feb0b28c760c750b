import { type AnyModule, isModule } from './callable.ts';
import { isParameter } from './parameter.ts';

const warned = /* @__PURE__ */ new WeakSet<object>();

/**
 * Warns, once a class, of an array of modules or parameters among the properties of a module: it registers none of
 * them.
 */
export function warnOfArray(module: AnyModule, array: readonly unknown[]): void {
  const [first] = array;
  const holds = isParameter(first) ? 'parameters' : isModule(first) ? 'modules' : null;
  if (holds === null || warned.has(module.constructor)) return;
  warned.add(module.constructor);
  const { name } = module.constructor;
  const property = Object.entries(module).find(([, value]) => value === array)?.[0] ?? '...';
  const list = holds === 'modules' ? 'ModuleList' : 'ParameterList';
  console.warn(
    `Warning: ${name}.${property} is an array of ${holds}, which registers none of them, so that optimizers and state dicts pass ` +
      `over them; write ${property} = new nn.${list}([...]). (Said once a class.)`,
  );
}
