import { defaultGenerator, Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import type { Optimizer } from '@kindling/optim';
import { elementsBefore, propertiesOf, stateBefore, type Undo } from '../../recording/index.ts';
import type { Scheduler } from './schedulers.ts';

/** The fields of an object, and what tensors and lists among them hold. */
function content(object: object): Undo {
  const fields = Object.entries(object);
  const inside = fields.flatMap(([, value]): Undo[] => {
    if (value instanceof Tensor) return [elementsBefore(value)];
    if (!Array.isArray(value)) return [];
    const items: unknown[] = [...value];
    const tensors = items.filter((item) => item instanceof Tensor).map(elementsBefore);
    return [...tensors, () => void value.splice(0, value.length, ...items)];
  });
  return () => {
    for (const key of Object.keys(object)) delete (object as Record<string, unknown>)[key];
    Object.assign(object, Object.fromEntries(fields));
    for (const undo of inside) undo();
  };
}

function ofModel(model: AnyModule): Undo[] {
  const gradients = model.parameters().map((p): Undo => {
    const { grad } = p;
    return () => {
      p.grad = grad;
    };
  });
  const state = [...model.parameters(), ...model.buffers()].map(elementsBefore);
  return [...model.modules().map(propertiesOf), ...state, ...gradients];
}

function ofOptimizer(optimizer: Optimizer): Undo[] {
  const { stepCount } = optimizer;
  const groups = optimizer.paramGroups.map((group): Undo => {
    const fields = { ...group };
    const refill = group.lr instanceof Tensor ? elementsBefore(group.lr) : null;
    return () => {
      refill?.();
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
  const undo = [
    ...schedulers.map(ofScheduler),
    ...models.flatMap(ofModel),
    ...optimizers.flatMap(ofOptimizer),
    stateBefore(defaultGenerator),
  ];
  return () => {
    for (const step of undo) step();
  };
}
