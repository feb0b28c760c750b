import { KindlingError } from '../../errors.ts';
import { type Expr, type Kind, type Lane, type Op, scalarCall } from '../expression/index.ts';
import type { PlainOp } from '../expression/node.ts';
import { extremeOf, lowerings } from '../math/index.ts';

/**
 * How often a node's value changes while a kernel runs: once a call (constants, parameters, one-element operands),
 * once a row, or with every vector of elements.
 */
export const perCall = 0;
/** Once a row; see {@link perCall}. */
export const perRow = 1;
/** With every vector of elements; see {@link perCall}. */
export const perElement = 2;
/** One of {@link perCall}, {@link perRow} and {@link perElement}, in this order. */
export type Level = typeof perCall | typeof perRow | typeof perElement;

interface Placed {
  readonly kind: Kind;
  readonly id: number;
  readonly level: Level;
  /** Whether the value is wanted more than once, or outside the loop that computes it, and so gets a local. */
  keep: boolean;
  uses: number;
}

type Form =
  | { readonly op: NumberedOp; readonly args: readonly Node[]; readonly attribute: number }
  | { readonly op: 'intConstant'; readonly args: readonly Node[]; readonly attribute: bigint }
  | { readonly op: 'scalarCall'; readonly args: readonly Node[]; readonly attribute: string }
  | {
      readonly op: 'scalarCallWhere';
      readonly args: readonly [mask: Node, otherwise: Node, ...operands: Node[]];
      readonly attribute: string;
    }
  | {
      readonly op: 'select' | 'iselect';
      readonly args: readonly [mask: Node, a: Node, b: Node];
      readonly attribute: undefined;
    }
  | {
      readonly op: Exclude<PlainOp, 'select' | 'iselect'>;
      readonly args: readonly Node[];
      readonly attribute: undefined;
    };
type NumberedOp = 'input' | 'param' | 'constant' | 'shl' | 'shrU';

/** A node of a lowered expression: no named functions are left, and equal nodes are one object. */
export type Node = Form & Placed;

/** Operations that work lane by lane and read each operand several times. */
const lanewise = new Set<Op>(['scalarCall', 'scalarCallWhere', 'idiv', 'irem']);

/** A lowered expression, or several; each output keeps what else was said of it. */
export interface Program<Output> {
  readonly outputs: readonly (Output & { readonly node: Node })[];
  /** Every node once, operands before their users. */
  readonly nodes: readonly Node[];
}

/**
 * Lowers expressions for one lane: replaces named functions by their lowerings, merges equal nodes, and places each
 * node at the level of its most often changing operand.
 */
export function lower<Output extends { readonly expression: Expr }>(
  outputs: readonly Output[],
  lane: Lane,
  inputLevel: (index: number) => Level,
): Program<Output> {
  const done = new Map<Expr, Node>();
  const interned = new Map<string, Node>();

  const visit = (expr: Expr): Node => {
    let node = done.get(expr);
    if (node === undefined) {
      const lowered = expr.op === 'call' ? lowerCall(expr, lane) : lane === 'i32' ? expr : extremeOf(expr);
      node = lowered === expr ? intern(expr, expr.op as Node['op'], expr.args.map(visit)) : visit(lowered);
      done.set(expr, node);
    }
    return node;
  };

  const intern = (expr: Expr, op: Node['op'], args: readonly Node[]): Node => {
    const written = Object.is(expr.attribute, -0) ? '-0' : String(expr.attribute);
    const key = `${op} ${written} ${args.map((arg) => arg.id).join()}`;
    let node = interned.get(key);
    if (node === undefined) {
      let level: Level = op === 'input' ? inputLevel(expr.attribute as number) : perCall;
      for (const arg of args) if (arg.level > level) level = arg.level;
      const { kind, attribute } = expr;
      // Which operands and attribute an op has was checked when its expression was built.
      node = { op, kind, args, attribute, id: interned.size, level, keep: false, uses: 0 } as Node;
      interned.set(key, node);
      for (const arg of args) {
        arg.uses++;
        if (arg.uses > 1 || arg.level < level || lanewise.has(op)) arg.keep = true;
      }
    }
    return node;
  };

  const roots = outputs.map((output) => ({ ...output, node: visit(output.expression) }));
  for (const { node } of roots) {
    node.uses++;
    if (node.uses > 1 || node.level < perElement) node.keep = true;
  }
  return { outputs: roots, nodes: [...interned.values()] };
}

function lowerCall(expr: Expr, lane: Lane): Expr {
  const name = expr.attribute as string;
  const lowering = lowerings[lane][name];
  if (lowering === undefined) return scalarCall(name, ...expr.args);
  const result = lowering(...expr.args);
  if (result.kind !== 'value')
    throw new KindlingError(`${name}: its ${lane} lowering gives a ${result.kind}`);
  return result;
}
