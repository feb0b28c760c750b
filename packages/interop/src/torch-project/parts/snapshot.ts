import { defaultGenerator, noGrad, Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import type { Optimizer } from '@kindling/optim';
import type { Scheduler } from './schedulers.ts';

type Undo = () => void;

/** The elements of a tensor. */
function elements(x: Tensor): Undo {
  const copy = noGrad(() => x.detach().clone());
  return () => void noGrad(() => x.detach().copy_(copy));
}

/** The fields of an object, and what tensors and lists among them hold. */
function content(object: object): Undo {
  const fields = Object.entries(object);
  const inside = fields.flatMap(([, value]): Undo[] => {
    if (value instanceof Tensor) return [elements(value)];
    if (!Array.isArray(value)) return [];
    const items: unknown[] = [...value];
    const tensors = items.filter((item) => item instanceof Tensor).map(elements);
    return [...tensors, () => void value.splice(0, value.length, ...items)];
  });
  return () => {
    for (const key of Object.keys(object)) delete (object as Record<string, unknown>)[key];
    Object.assign(object, Object.fromEntries(fields));
    for (const undo of inside) undo();
  };
}

function ofModel(model: AnyModule): Undo[] {
  const modules = model.modules().map((module): Undo => {
    const fields = Object.entries(module);
    return () => {
      const own = module as unknown as Record<string, unknown>;
      for (const [name, value] of fields) if (!Object.is(own[name], value)) own[name] = value;
    };
  });
  const gradients = model.parameters().map((p): Undo => {
    const { grad } = p;
    return () => {
      p.grad = grad;
    };
  });
  return [...modules, ...[...model.parameters(), ...model.buffers()].map(elements), ...gradients];
}

function ofOptimizer(optimizer: Optimizer): Undo[] {
  const { stepCount } = optimizer;
  const groups = optimizer.paramGroups.map((group): Undo => {
    const fields = { ...group };
    return () => {
      for (const key of Object.keys(group)) delete (group as Record<string, unknown>)[key];
      Object.assign(group, fields);
    };
  });
  const entries = [...optimizer.state];
  const contents = entries.map(([, values]) => content(values));
  return [
    ...groups,
    ...contents,
    () => {
      optimizer.state.clear();
      for (const [p, values] of entries) optimizer.state.set(p, values);
      optimizer.stepCount = stepCount;
    },
  ];
}

function ofScheduler(scheduler: Scheduler): Undo {
  const state = scheduler.stateDict();
  return () => scheduler.loadStateDict(state);
}

/** Notes what steps of a training change; the function that is returned puts it back. */
export function snapshot(
  models: readonly AnyModule[],
  optimizers: readonly Optimizer[],
  schedulers: readonly Scheduler[],
): Undo {
  const generator = defaultGenerator.getState();
  const undo = [
    ...schedulers.map(ofScheduler),
    ...models.flatMap(ofModel),
    ...optimizers.flatMap(ofOptimizer),
    () => void defaultGenerator.setState(generator),
  ];
  return () => {
    for (const step of undo) step();
  };
}
