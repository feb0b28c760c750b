/** What puts things back as they were, once it is called. */
import { type Generator, noGrad, type Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';

export type Undo = () => void;

/**
 * The properties of a module, also those that are no state: a count of calls, what is carried from one call to the
 * next.
 */
export function propertiesOf(module: AnyModule): Undo {
  const before = Object.entries(module);
  return () => {
    const fields = module as unknown as Record<string, unknown>;
    const names = new Set(before.map(([name]) => name));
    for (const name of Object.keys(module)) if (!names.has(name)) delete fields[name];
    for (const [name, value] of before) if (!Object.is(fields[name], value)) fields[name] = value;
  };
}

/** The elements of a tensor, which is left alone where it was not changed: what was recorded of it holds then. */
export function elementsBefore(x: Tensor): Undo {
  const { version } = x.storage;
  const copy = noGrad(() => x.detach().clone());
  return () => {
    if (x.storage.version !== version) noGrad(() => x.detach().copy_(copy));
  };
}

/** The state of a generator. */
export function stateBefore(generator: Generator): Undo {
  const state = generator.getState();
  return () => void generator.setState(state);
}
