import { checkArguments, K } from '../arguments/index.ts';
import type { Program } from '../compile/index.ts';
import { Tensor } from '../tensor.ts';
import { drawAutograd, type Names } from './autograd-graph.ts';
import { type Direction, Drawing } from './drawing.ts';
import { dot, type Language, mermaid, written } from './languages.ts';
import { drawProgram } from './program-graph.ts';

/** What can be drawn: results with the graph that backward would walk, or a compiled program. */
export type Drawable = Tensor | readonly Tensor[] | Program;

/** Options of {@link toDot} and {@link toMermaid}. */
export interface DrawingOptions {
  /** What tensors are called, as `Object.fromEntries(model.namedParameters())` says; or that list itself. */
  readonly names?: Readonly<Record<string, Tensor>> | readonly (readonly [string, Tensor])[];
  /** Which way arrows go: from top to bottom (`'TB'`), or `'BT'`, `'LR'`, `'RL'`. Default: `'TB'`. */
  readonly direction?: Direction;
}

const parts = ['memories', 'equations', 'results', 'gradients'];

const recordsKind = /* @__PURE__ */ K.listOf(K.kind('an object', K.isOptions));

const isProgram = (x: unknown): x is Program =>
  K.isOptions(x) && parts.every((name) => recordsKind.accepts(x[name]));

const pairs = /* @__PURE__ */ K.listOf(
  K.kind(
    'a name and a tensor',
    (x) => Array.isArray(x) && x.length === 2 && typeof x[0] === 'string' && Tensor.is(x[1]),
  ),
);

const isNames = (x: unknown): boolean => {
  if (Array.isArray(x)) return pairs.accepts(x);
  return K.isOptions(x) && Object.values(x).every(Tensor.is);
};

const drawable = /* @__PURE__ */ K.kind(
  'a Tensor, a list of tensors, or a program such as compile(f).programs[0] after two calls',
  (x) => K.tensor.accepts(x) || K.tensors.accepts(x) || isProgram(x),
);
const optionKinds = /* @__PURE__ */ K.options<DrawingOptions>({
  names: K.kind('tensors by name, such as { weight } or model.namedParameters()', isNames),
  direction: K.oneOf('TB', 'BT', 'LR', 'RL'),
});

function draw(of: Drawable, { names = {}, direction = 'TB' }: DrawingOptions, language: Language): string {
  const drawing = new Drawing();
  const named = Array.isArray(names) ? names : Object.entries(names);
  const nameOf: Names = new Map(named.map(([name, x]: readonly [string, Tensor]) => [x, name]));
  if (isProgram(of)) drawProgram(drawing, of, nameOf);
  else drawAutograd(drawing, of instanceof Tensor ? [of] : of, nameOf);
  return written(drawing, direction, language);
}

/**
 * The graph from which `of` was computed, in Graphviz' language: operations with the shapes of their results, leaves
 * with their names, and arrows from each to what takes its result. Of tensors it is the graph that `backward` walks the
 * other way, so what requires no gradient is not in it; of a compiled program it is all that a call does: forward,
 * backward and update. Kindling's own; of tensors as torchviz draws them.
 * @throws ValueError for what is neither tensors nor a program, and for names that are no tensors
 * @example
 * ```ts
 * const w = tensor([0.5, 2], { requiresGrad: true });
 * const loss = w.square().sum();
 * toDot(loss, { names: { w } }).split('\n').filter((line) => line.includes('->'));
 * // [ '  n1 -> n0', '  n2 -> n1', '  n3 -> n2' ]
 * ```
 */
export function toDot(of: Drawable, options: DrawingOptions = {}): string {
  checkArguments('toDot', { of: drawable, options: optionKinds }, arguments);
  return draw(of, options, dot);
}

/**
 * The graph from which `of` was computed as a flowchart of Mermaid, which Markdown shows on many sites: {@link toDot}
 * in another language. Kindling's own.
 * @throws ValueError as {@link toDot}
 * @example
 * ```ts
 * const f = compile((x: Tensor) => x.exp().sum());
 * for (let i = 0; i < 2; i++) f(ones([2, 3]));
 * console.log(toMermaid(f.programs[0]!));
 * // flowchart TB
 * //   n0("exp<br/>[2, 3]"):::operation
 * //   n1["argument 0<br/>float32 [2, 3]"]:::input
 * //   n2("sum<br/>[]"):::operation
 * //   n3["result<br/>float32 []"]:::result
 * //   n1 --> n0
 * //   n0 --> n2
 * //   n2 --> n3
 * //   classDef input fill:#eeeeee,stroke:#777777,color:#000
 * //   classDef operation fill:#ffffff,stroke:#555555,color:#000
 * //   classDef result fill:#d9efd9,stroke:#3f8f4f,color:#000
 * ```
 */
export function toMermaid(of: Drawable, options: DrawingOptions = {}): string {
  checkArguments('toMermaid', { of: drawable, options: optionKinds }, arguments);
  return draw(of, options, mermaid);
}
