import type { LeafPlace } from '../compile/guards.ts';
import type { Memory, Program, Value } from '../compile/program.ts';
import { argumentsIn } from '../compile/values.ts';
import { formatShape } from '../shape.ts';
import type { Storage } from '../storage.ts';
import type { Names } from './autograd-graph.ts';
import type { Drawing } from './drawing.ts';

const typeOf = ({ dtype, shape }: Value): string => `${dtype} ${formatShape(shape)}`;

/** How memory is called that no equation has written. */
function sourceName(memory: Memory, names: Names): string {
  const { id, name, origin } = memory;
  if (origin.kind === 'gradient') return `gradient of ${leafName(origin.leaf, names, [])}`;
  const [argument] = argumentsIn(memory);
  const known = (origin.kind === 'state' ? nameOfStorage(origin.storage, names) : null) ?? name;
  return known ?? (argument === undefined ? `${origin.kind} ${id}` : `argument ${argument.index}`);
}

const nameOfStorage = (storage: Storage, names: Names): string | null =>
  [...names].find(([x]) => x.storage === storage)?.[1] ?? null;

function leafName({ tensor, argument }: LeafPlace, names: Names, memories: readonly Memory[]): string {
  if (argument !== null) return `argument ${argument}`;
  const { storage } = tensor;
  const memory = memories.find(({ origin }) => origin.kind === 'state' && origin.storage === storage);
  return nameOfStorage(storage, names) ?? memory?.name ?? 'a leaf';
}

/** Adds the equations of a program, what they read from outside, its results, and the gradients it leaves. */
export function drawProgram(drawing: Drawing, program: Program, names: Names): void {
  const { memories, equations, results, gradients } = program;
  /** The equation that last wrote a memory: what other views of it show. */
  const writers = new Map<string, number>();
  const key = ({ memory, version }: Value): string => `${memory.id} ${version}`;
  const makers = new Map<Value, number>();
  const sourceOf = (value: Value): number =>
    makers.get(value) ??
    writers.get(key(value)) ??
    drawing.node(value.memory, () => ({
      role: value.memory.origin.kind === 'state' ? 'leaf' : 'input',
      lines: [sourceName(value.memory, names), typeOf(value)],
    }));
  for (const equation of equations) {
    const { name, inputs, outputs, rerun } = equation;
    const to = drawing.node(equation, () => ({
      role: rerun === null ? 'view' : 'operation',
      lines: [name, outputs.map(({ shape }) => formatShape(shape)).join(', ')],
    }));
    for (const value of inputs) drawing.edge(sourceOf(value), to);
    for (const value of outputs) {
      makers.set(value, to);
      if (rerun !== null) writers.set(key(value), to);
    }
  }
  const leave = (value: Value, lines: readonly string[]): void => {
    drawing.edge(
      sourceOf(value),
      drawing.node({}, () => ({ role: 'result', lines })),
    );
  };
  for (const [i, value] of results.entries())
    leave(value, [results.length === 1 ? 'result' : `result ${i}`, typeOf(value)]);
  for (const { leaf, value } of gradients)
    if (value !== null) leave(value, [`gradient of ${leafName(leaf, names, memories)}`, typeOf(value)]);
}
