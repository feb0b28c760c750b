import { KindlingError } from '../../errors.ts';
import { type Expr, type Kind, type Lane, lowerings, type Op, scalarCall } from '../expression/index.ts';
import { integerLowerings } from './integer.ts';

/**
 * How often a node's value changes while a kernel runs: once a call (constants, parameters, one-element operands),
 * once a row, or with every vector of elements.
 */
export const perCall = 0;
export const perRow = 1;
export const perElement = 2;
export type Level = typeof perCall | typeof perRow | typeof perElement;

/** A node of a lowered expression: no named functions are left, and equal nodes are one object. */
export interface Node {
  readonly op: Exclude<Op, 'call'>;
  readonly kind: Kind;
  readonly args: readonly Node[];
  readonly attribute: Expr['attribute'];
  readonly id: number;
  readonly level: Level;
  /** Whether the value is wanted more than once, or outside the loop that computes it, and so gets a local. */
  keep: boolean;
  uses: number;
}

/** Operations that work lane by lane and read each operand several times. */
const lanewise = new Set<Op>(['scalarCall', 'scalarCallWhere', 'idiv', 'irem', 'ishl', 'ishr']);

export interface Program {
  readonly outputs: readonly Node[];
  /** Every node once, operands before their users. */
  readonly nodes: readonly Node[];
}

/**
 * Lowers expressions for one lane: replaces named functions by their lowerings, merges equal nodes, and places each
 * node at the level of its most often changing operand.
 */
export function lower(outputs: readonly Expr[], lane: Lane, inputLevel: (index: number) => Level): Program {
  const done = new Map<Expr, Node>();
  const interned = new Map<string, Node>();

  const visit = (expr: Expr): Node => {
    let node = done.get(expr);
    if (node === undefined) {
      node = expr.op === 'call' ? visit(lowerCall(expr, lane)) : intern(expr, expr.op, expr.args.map(visit));
      done.set(expr, node);
    }
    return node;
  };

  const intern = (expr: Expr, op: Node['op'], args: readonly Node[]): Node => {
    const attribute = Object.is(expr.attribute, -0) ? '-0' : String(expr.attribute);
    const key = `${op} ${attribute} ${args.map((arg) => arg.id).join()}`;
    let node = interned.get(key);
    if (node === undefined) {
      let level: Level = op === 'input' ? inputLevel(expr.attribute as number) : perCall;
      for (const arg of args) if (arg.level > level) level = arg.level;
      node = {
        op,
        kind: expr.kind,
        args,
        attribute: expr.attribute,
        id: interned.size,
        level,
        keep: false,
        uses: 0,
      };
      interned.set(key, node);
      for (const arg of args) {
        arg.uses++;
        if (arg.uses > 1 || arg.level < level || lanewise.has(op)) arg.keep = true;
      }
    }
    return node;
  };

  const roots = outputs.map(visit);
  for (const root of roots) {
    root.uses++;
    if (root.uses > 1 || root.level < perElement) root.keep = true;
  }
  return { outputs: roots, nodes: [...interned.values()] };
}

function lowerCall(expr: Expr, lane: Lane): Expr {
  const name = expr.attribute as string;
  const lowering = lowerings[lane][name] ?? (lane === 'i32' ? integerLowerings[name] : undefined);
  if (lowering === undefined) return scalarCall(name, ...expr.args);
  const result = lowering(...expr.args);
  if (result.kind !== 'value')
    throw new KindlingError(`${name}: its ${lane} lowering gives a ${result.kind}`);
  return result;
}
