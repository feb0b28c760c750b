import { checkArguments, Tensor } from '@kindling/core';
import { moduleKind } from './arguments.ts';
import { type AnyModule, emptyLike, internalsOf, isModule } from './callable.ts';
import { copyOfHooks } from './hooks/index.ts';
import { setProperty } from './members.ts';
import { Parameter } from './parameter.ts';

/**
 * A module with copies of its parameters, buffers and submodules, and of the arrays, Maps, Sets and plain objects among
 * its properties; what stands there twice stands there twice in the copy. What is learned is learned in the copy too;
 * gradients are not copied, nor is what a tensor was computed from. Functions and other objects are shared. Follows
 * `copy.deepcopy`.
 * @throws KindlingError for what is no module
 * @example
 * ```ts
 * const model = new nn.Linear(2, 1);
 * const before = nn.deepcopy(model);
 * nn.init.zeros_(model.weight);
 * before.weight.equal(model.weight); // false
 * ```
 */
export function deepcopy<M extends AnyModule>(module: M): M {
  checkArguments('deepcopy', { module: moduleKind }, arguments);
  return copyOf(module, new Map()) as M;
}

function copyOf(value: unknown, known: Map<unknown, unknown>): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  const inside = (x: unknown): unknown => copyOf(x, known);
  const keep = <T>(copy: T): T => {
    known.set(value, copy);
    return copy;
  };
  if (value instanceof Parameter) {
    const copy = new Parameter(value.detach().clone(), { requiresGrad: value.requiresGrad });
    return keep(Object.setPrototypeOf(copy, Object.getPrototypeOf(value) as object));
  }
  if (value instanceof Tensor) {
    const copy = keep(value.detach().clone());
    return value.requiresGrad && value.isLeaf ? copy.requiresGrad_() : copy;
  }
  if (isModule(value)) return copyModule(value, keep(emptyLike(value) as AnyModule), inside);
  if (Array.isArray(value)) {
    const copy = keep<unknown[]>([]);
    for (const item of value) copy.push(inside(item));
    return copy;
  }
  if (value instanceof Map) {
    const copy = keep(new Map<unknown, unknown>());
    for (const [key, item] of value) copy.set(inside(key), inside(item));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set<unknown>());
    for (const item of value) copy.add(inside(item));
    return copy;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy = keep<Record<string, unknown>>({});
  for (const [key, item] of Object.entries(value)) copy[key] = inside(item);
  return copy;
}

function copyModule(module: AnyModule, copy: AnyModule, inside: (x: unknown) => unknown): AnyModule {
  const [from, to] = [internalsOf(module), internalsOf(copy)];
  for (const [name, buffer] of from.buffers) to.buffers.set(name, buffer);
  if (from.hooks !== null) to.hooks = copyOfHooks(from.hooks);
  to.order = from.order;
  for (const [name, value] of from.held) to.held.set(name, inside(value));
  for (const [name, value] of Object.entries(module)) setProperty(copy, name, inside(value));
  return copy;
}
