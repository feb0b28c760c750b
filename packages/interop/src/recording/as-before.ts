/** What a recorded call leaves as it was: modules, their state, generators. */
import { defaultGenerator, Generator, noGrad, type Observer, type Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';

/** Puts something back. */
type Undo = () => void;

/** The properties of a module, also those that are no state: a count of calls, what is carried from one call to the next. */
function properties(module: AnyModule): Undo {
  const before = Object.entries(module);
  return () => {
    const fields = module as unknown as Record<string, unknown>;
    const names = new Set(before.map(([name]) => name));
    for (const name of Object.keys(module)) if (!names.has(name)) delete fields[name];
    for (const [name, value] of before) if (!Object.is(fields[name], value)) fields[name] = value;
  };
}

/** The elements of a tensor. */
function elements(x: Tensor): Undo {
  const { version } = x.storage;
  const copy = noGrad(() => x.detach().clone());
  return () => {
    if (x.storage.version !== version) noGrad(() => x.detach().copy_(copy));
  };
}

function stateOf(generator: Generator): Undo {
  const state = generator.getState();
  return () => void generator.setState(state);
}

/** Notes what is there before a call, and what it is about to change. */
export class AsBefore implements Observer {
  readonly #undo: Undo[] = [];
  readonly #parameters = new Map<unknown, Tensor>();
  readonly #generators = new Set<Generator>();

  constructor(models: readonly AnyModule[]) {
    this.#keep(defaultGenerator);
    for (const model of models) {
      for (const module of model.modules()) this.#undo.push(properties(module));
      for (const buffer of model.buffers()) this.#undo.push(elements(buffer));
      for (const p of model.parameters()) {
        this.#parameters.set(p.storage, p);
        const { grad, requiresGrad } = p;
        // So nothing is recorded for backward, and noGrad of the user's can be told.
        if (requiresGrad) p.requiresGrad = false;
        this.#undo.push(() => {
          if (p.requiresGrad !== requiresGrad) p.requiresGrad = requiresGrad;
          if (p.grad !== grad) p.grad = grad;
        });
      }
    }
  }

  #keep(generator: Generator): void {
    if (this.#generators.has(generator)) return;
    this.#generators.add(generator);
    this.#undo.push(stateOf(generator));
  }

  before(_name: string, inputs: readonly Tensor[], attrs: unknown): void {
    // A parameter is seldom changed in a call: it is copied where it may be.
    if (_name.endsWith('_')) for (const x of inputs) this.#copy(x);
    for (const x of typeof attrs === 'object' && attrs !== null ? Object.values(attrs) : [])
      if (x instanceof Generator) this.#keep(x);
  }

  #copy({ storage }: Tensor): void {
    const p = this.#parameters.get(storage);
    if (p === undefined) return;
    this.#parameters.delete(storage);
    this.#undo.push(elements(p));
  }

  /** Puts everything back. */
  restore(): void {
    for (const undo of this.#undo.reverse()) undo();
  }
}
