/** The graph of a backward pass as boxes and arrows, and in Graphviz' language. */
import type { Inspection, Operation, Pass, Shown } from './inspection.ts';
import { gradientsAfter, shortOf } from './steps.ts';

type Role = 'leaf' | 'constant' | 'operation' | 'lost' | 'root';

/** A box: an operation with what it gives, or a value that no operation of the picture made. */
export interface Box {
  /** `o3` or `v0`. */
  readonly id: string;
  readonly role: Role;
  readonly operation: number | null;
  /** The value that it shows. */
  readonly value: number;
  readonly title: string;
  readonly short: string;
  /** Line of the code, from 0. */
  readonly line: number | null;
}

interface Arrow {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** The gradient that is passed against it, in the visit of this number; `null` where none is. */
  readonly passed: { readonly visit: number; readonly gradient: Shown } | null;
}

export interface Picture {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** What was computed on the way to the roots of a pass. */
export function pictureOf(inspection: Inspection, pass: Pass): Picture {
  const { values, operations } = inspection;
  const boxes = new Map<string, Box>();
  const arrows: Arrow[] = [];
  /** Values that depend on no leaf are constants, however they were made. */
  const dependent = new Map<number, boolean>();
  const depends = (value: number): boolean => {
    const known = dependent.get(value);
    if (known !== undefined) return known;
    const of = values[value];
    const maker = of?.maker == null ? undefined : operations[of.maker];
    const found = of?.wantsGradient === true || (maker?.inputs.some(depends) ?? false);
    dependent.set(value, found);
    return found;
  };

  const passedTo = (operation: Operation, input: number): Arrow['passed'] => {
    for (const [visit, { operation: of, passed }] of pass.visits.entries()) {
      const found = of === operation.id ? passed.find((one) => one.input === input) : undefined;
      if (found !== undefined) return { visit, gradient: found.gradient };
    }
    return null;
  };

  /** The box of a value, with all that leads to it. */
  const boxOf = (value: number): string => {
    const of = values[value];
    const operation = of?.maker == null || !depends(value) ? undefined : operations[of.maker];
    const id = operation === undefined ? `v${value}` : `o${operation.id}`;
    if (of === undefined || boxes.has(id)) return id;
    const { label, named, shown, wantsGradient, kind } = of;
    const common = { id, value, short: shown.short };
    if (operation === undefined) {
      const role = kind === 'leaf' ? 'leaf' : 'constant';
      boxes.set(id, { ...common, role, operation: null, title: label, line: of.line });
      return id;
    }
    const role = pass.roots.includes(value) ? 'root' : wantsGradient ? 'operation' : 'lost';
    const title = named ? `${label} = ${operation.name}` : operation.name;
    boxes.set(id, { ...common, role, operation: operation.id, title, line: operation.line });
    for (const [input, from] of operation.inputs.entries())
      arrows.push({ id: `${id}-${input}`, from: boxOf(from), to: id, passed: passedTo(operation, input) });
    return id;
  };
  for (const root of pass.roots) boxOf(root);
  return { boxes: [...boxes.values()], arrows };
}

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** The picture in Graphviz' language, with room for the gradients that will come. */
export function dotOf({ boxes, arrows }: Picture, pass: Pass): string {
  const states = Array.from({ length: pass.visits.length + 1 }, (_, step) => gradientsAfter(pass, step));
  const longest = (value: number): string =>
    states
      .map((state) => shortOf(state.get(value) ?? { parts: [], whole: null }))
      .reduce((a, b) => (b.length > a.length ? b : a), '');
  return [
    'digraph {',
    '  graph [ranksep=0.45, nodesep=0.3, bgcolor="transparent"]',
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=12, margin="0.14,0.07"]',
    '  edge [fontname="Helvetica", fontsize=11, arrowsize=0.7]',
    ...boxes.map(({ id, role, value, title, short }) => {
      const lines = [
        title,
        short,
        ...(role === 'constant' || role === 'lost' ? [] : [`grad ${longest(value)}`]),
      ];
      return `  ${id} [id=${quoted(`box-${id}`)}, class=${quoted(`k-${role}`)}, label=${quoted(lines.join('\n')).replaceAll('\n', '\\n')}]`;
    }),
    ...arrows.map(({ id, from, to, passed }) => {
      const label = passed === null ? '' : `, label=${quoted(` ${passed.gradient.short} `)}`;
      return `  ${from} -> ${to} [id=${quoted(`arrow-${id}`)}, class=${quoted(passed === null ? 'k-silent' : 'k-flows')}${label}]`;
    }),
    '}',
  ].join('\n');
}
