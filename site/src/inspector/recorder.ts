/** Looks on as a program runs, and tells what its graphs and backward passes were. */
import { observe, type Tensor } from '@kindling/core';
import type { Expr } from './expression.ts';
import type { Inspection, Operation, Pass, Passed, Shown, Value, Visit } from './inspection.ts';
import { show } from './shown.ts';
import { type Term, write } from './terms.ts';

type Observer = Parameters<typeof observe>[0];
type Declared = Parameters<NonNullable<Observer['after']>>[4];
type AnyNode = Parameters<NonNullable<Observer['visited']>>[0];
type OperationNode = Parameters<NonNullable<Observer['passed']>>[0];

/** More than this is no small program; its picture would say nothing. */
const most = { operations: 400, visits: 600 };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface OpenValue extends Omit<Mutable<Value>, 'label' | 'named' | 'line'> {
  readonly tensor: Tensor;
  readonly output: number;
}
interface OpenOperation extends Omit<Operation, 'formula'> {
  readonly term: Term;
}
interface OpenPassed extends Omit<Passed, 'formula'> {
  readonly term: Term;
}
interface OpenVisit extends Omit<Visit, 'passed' | 'grad'> {
  readonly passed: OpenPassed[];
  grad: Visit['grad'];
}
interface OpenPass extends Omit<Pass, 'visits' | 'roots'> {
  readonly roots: number[];
  readonly visits: OpenVisit[];
}

const isLeaf = (node: AnyNode): node is Extract<AnyNode, { variable: Tensor }> => 'variable' in node;

/** What names a program gives, and where it declares them. */
interface Names {
  readonly of: ReadonlyMap<Tensor, string>;
  readonly lineOf: (name: string) => number | null;
}

export class Recorder {
  readonly #lineNow: () => number | null;
  readonly #values: OpenValue[] = [];
  readonly #operations: OpenOperation[] = [];
  readonly #passes: OpenPass[] = [];
  /** The value that a tensor is now. */
  readonly #now = new Map<Tensor, number>();
  readonly #operationOf = new Map<object, number>();
  /** During a visit: how what was computed since came about. */
  #terms: Map<Tensor, Term> | null = null;
  /** The operations that have begun, with the values of their inputs. */
  #begun: { readonly inputs: readonly Tensor[]; readonly ids: readonly number[] }[] = [];
  /** Takes the hook of the last leaf out again, where its gradient was not to grow. */
  #leaveLeaf = (): void => {};
  #busy = false;
  #cut = false;
  #visits = 0;
  readonly #stop: () => void;

  constructor(lineNow: () => number | null) {
    this.#lineNow = lineNow;
    this.#stop = observe({
      before: (_, inputs) =>
        this.#quietly(() => this.#begun.push({ inputs, ids: inputs.map((x) => this.#valueOf(x)) })),
      after: (...told) => this.#quietly(() => this.#ran(...told)),
      walked: () => this.#quietly(() => this.#walked()),
      visited: (...told) => this.#quietly(() => this.#visited(...told)),
      passed: (...told) => this.#quietly(() => this.#passed(...told)),
    });
  }

  /** Showing tensors runs operations too, which are no business of the program. */
  #quietly(look: () => unknown): void {
    if (this.#busy) return;
    this.#busy = true;
    try {
      look();
    } finally {
      this.#busy = false;
    }
  }

  #add(tensor: Tensor, kind: Value['kind'], maker: number | null, output = 0): number {
    const id = this.#values.length;
    this.#values.push({
      id,
      tensor,
      kind,
      maker,
      output,
      shown: show(tensor),
      wantsGradient: tensor.requiresGrad,
    });
    this.#now.set(tensor, id);
    return id;
  }

  /** The number of the value that a tensor is, which may come from outside of what was seen. */
  #valueOf(x: Tensor): number {
    const known = this.#now.get(x);
    const value = known === undefined ? undefined : this.#values[known];
    if (x.requiresGrad && x.isLeaf) return value?.kind === 'leaf' ? value.id : this.#add(x, 'leaf', null);
    const made = x.gradFn;
    if (made !== null && (value === undefined || this.#operationOf.get(made) !== value.maker))
      return this.#adopt(made, x);
    return value?.id ?? this.#add(x, 'constant', null);
  }

  /** A node that was recorded by what is no operation, such as a `Function` of the program. */
  #adopt(node: NonNullable<Tensor['gradFn']>, result: Tensor): number {
    const inputs = node.next.flatMap((_, i) => this.#inputOf(node, i) ?? []);
    const id = this.#operationOf.get(node) ?? this.#operations.length;
    const value = this.#add(result, 'result', id);
    if (id < this.#operations.length) return value;
    const name = node.primitive.name;
    const term: Term = {
      kind: 'call',
      name,
      inputs: inputs.map((of) => ({ kind: 'value', id: of })),
      attributes: null,
    };
    this.#operationOf.set(node, id);
    this.#operations.push({
      id,
      name,
      node: node.name,
      inputs,
      outputs: [value],
      term,
      line: this.#lineNow(),
    });
    return value;
  }

  /** The value that an input of a node is, where gradients flow to it. */
  #inputOf(node: Pick<OperationNode, 'next' | 'nextOutput'>, input: number): number | null {
    const next = (node.next[input] ?? null) as AnyNode | null;
    return next === null ? null : (this.#outputsOf(next)[node.nextOutput[input] ?? 0] ?? null);
  }

  #ran(
    name: string,
    inputs: readonly Tensor[],
    attrs: unknown,
    outputs: readonly Tensor[],
    declared: Declared,
  ): void {
    // A change in place has made other values of its inputs by now.
    const begun = this.#begun.findLast((one) => one.inputs === inputs);
    this.#begun = [];
    const ids = begun?.ids ?? inputs.map((x) => this.#valueOf(x));
    const local = this.#terms;
    const terms = inputs.map((x, i): Term => local?.get(x) ?? { kind: 'value', id: ids[i] ?? 0 });
    const term = termOf(name, inputs, attrs, declared, terms);
    if (local !== null) for (const y of outputs) local.set(y, term);
    if (this.#operations.length >= most.operations) {
      this.#cut = true;
      return;
    }
    const id = this.#operations.length;
    const node = outputs.find((y) => y.gradFn !== null)?.gradFn ?? null;
    // A leaf that is set anew, as a layer does at its beginning and an optimizer at each step, is still one.
    const made = outputs.map((y, i) =>
      y.requiresGrad && y.isLeaf ? this.#add(y, 'leaf', null) : this.#add(y, 'result', id, i),
    );
    this.#operations.push({
      id,
      name,
      node: node?.name ?? null,
      inputs: ids,
      outputs: made,
      term,
      line: this.#lineNow(),
    });
    if (node !== null) this.#operationOf.set(node, id);
  }

  #walked(): void {
    this.#leaveLeaf();
    this.#terms = null;
    this.#passes.push({ roots: [], visits: [], line: this.#lineNow() });
  }

  /** The values that a node's outputs are. */
  #outputsOf(node: AnyNode): readonly number[] {
    if (isLeaf(node)) return [this.#valueOf(node.variable)];
    return this.#operations[this.#operationOf.get(node) ?? -1]?.outputs ?? [];
  }

  #visited(node: AnyNode, gradients: readonly (Tensor | null)[]): void {
    const pass = this.#passes.at(-1);
    if (pass === undefined) return;
    this.#leaveLeaf();
    this.#visits += 1;
    this.#terms = new Map();
    const outputs = this.#outputsOf(node);
    const arrived = gradients.flatMap((g, output) => {
      const value = outputs[output];
      if (g === null || value === undefined) return [];
      this.#terms?.set(g, { kind: 'gradient', output, outputs: outputs.length });
      return [{ value, gradient: show(g) }];
    });
    if (this.#visits > most.visits) {
      this.#cut = true;
      return;
    }
    const got = new Set(pass.visits.flatMap(({ passed }) => passed.map(({ to }) => to)));
    for (const { value } of arrived) if (!got.has(value)) pass.roots.push(value);
    const leaf = isLeaf(node) ? node.variable : null;
    const operation = leaf === null ? (this.#operationOf.get(node) ?? null) : null;
    const visit: OpenVisit = { operation, arrived, passed: [], grad: null };
    pass.visits.push(visit);
    if (leaf === null) return;
    const before = shownOrNull(leaf.grad);
    visit.grad = { before, after: null };
    const grown = leaf.registerPostAccumulateGradHook((x) => {
      this.#leaveLeaf();
      this.#quietly(() => {
        visit.grad = { before, after: shownOrNull(x.grad) };
      });
    });
    this.#leaveLeaf = () => grown.remove();
  }

  #passed(node: OperationNode, input: number, gradient: Tensor): void {
    const visit = this.#passes.at(-1)?.visits.at(-1);
    const to = this.#inputOf(node, input);
    if (visit === undefined || to === null) return;
    const known = this.#terms?.get(gradient);
    const term: Term = known ?? {
      kind: 'call',
      name: `${node.primitive.name}_backward`,
      inputs: [],
      attributes: null,
    };
    visit.passed.push({ input, to, gradient: show(gradient), term });
  }

  /** Stops looking on; what was seen. */
  finish(names: Names): Inspection {
    this.#busy = true;
    this.#leaveLeaf();
    this.#stop();
    const labels = this.#labels(names.of);
    const labelOf = (id: number): string => labels[id]?.label ?? '?';
    return {
      values: this.#values.map(({ tensor, output: _, ...value }) => {
        const name = names.of.get(tensor);
        const { label, named } = labels[value.id] ?? { label: '?', named: false };
        return { ...value, label, named, line: name === undefined ? null : names.lineOf(name) };
      }),
      operations: this.#operations.map(({ term, ...operation }) => ({
        ...operation,
        formula: write(term, labelOf).text,
      })),
      passes: this.#passes.map(({ visits, ...pass }) => ({
        ...pass,
        visits: visits.map(({ passed, ...visit }) => {
          const own = new Set(visit.operation === null ? [] : this.#operations[visit.operation]?.outputs);
          const inBackward = (id: number): string => (own.size === 1 && own.has(id) ? 'y' : labelOf(id));
          return {
            ...visit,
            passed: passed.map(({ term, ...rest }) => ({ ...rest, formula: write(term, inBackward).text })),
          };
        }),
      })),
      cut: this.#cut,
    };
  }

  /** What each value is called: by the program, or after the operation that made it. */
  #labels(names: ReadonlyMap<Tensor, string>): { label: string; named: boolean }[] {
    const counts = new Map<string, number>();
    return this.#values.map(({ tensor, maker, kind }) => {
      const name = names.get(tensor);
      if (name !== undefined) return { label: name, named: true };
      const stem = maker === null ? kind : (this.#operations[maker]?.name ?? 'result').replace(/_$/, '');
      const count = (counts.get(stem) ?? 0) + 1;
      counts.set(stem, count);
      return { label: count === 1 ? stem : `${stem}${count}`, named: false };
    });
  }
}

const shownOrNull = (x: Tensor | null): Shown | null => (x === null ? null : show(x));

/** What an operation computes. */
function termOf(
  name: string,
  inputs: readonly Tensor[],
  attrs: unknown,
  declared: Declared,
  terms: readonly Term[],
): Term {
  const elementwise = declared?.elementwise as
    | ((inputs: readonly Tensor[], attrs: unknown) => { readonly expression: Expr })
    | undefined;
  if (elementwise === undefined)
    return { kind: 'call', name: name.replace(/_$/, ''), inputs: terms, attributes: attrs };
  const { expression } = elementwise(inputs, attrs);
  if (Array.isArray(attrs))
    return { kind: 'elementwise', expression, inputs: terms, numbers: attrs as number[], reduction: null };
  const { params = [], mean } = attrs as { params?: readonly number[]; mean?: boolean };
  return {
    kind: 'elementwise',
    expression,
    inputs: terms,
    numbers: params,
    reduction: mean === true ? 'mean' : 'sum',
  };
}
