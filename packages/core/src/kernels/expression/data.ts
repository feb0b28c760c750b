/** Expressions as plain data, which JSON can hold, and back. */
import { KindlingError } from '../../errors.ts';
import { type Expr, isOp, type Kind, node } from './node.ts';

/**
 * A node: what it does, what it gives, which nodes before it are its operands, and its attribute. A number that JSON
 * does not hold, and each bigint, is in words.
 */
type NodeData = readonly [op: string, kind: Kind, args: readonly number[], attribute?: number | string];

/** Expressions: their nodes, operands first, and which of these stand for the values. */
export interface ExpressionData {
  readonly nodes: readonly NodeData[];
  readonly values: readonly number[];
}

const isPlain = (x: number): boolean => Number.isFinite(x) && !Object.is(x, -0);

function attributeAsData(x: Expr['attribute']): [] | [number | string] {
  if (x === undefined) return [];
  if (typeof x === 'number' && !isPlain(x)) return [Object.is(x, -0) ? '-0' : String(x)];
  return [typeof x === 'bigint' ? String(x) : x];
}

/** Expressions as data; a node that is used twice is there once. */
export function expressionData(expressions: readonly Expr[]): ExpressionData {
  const nodes: NodeData[] = [];
  const places = new Map<Expr | string, number>();
  // There may be several nodes of one operand.
  const keyOf = (expr: Expr): Expr | string => {
    const { op, attribute } = expr;
    return op === 'input' || op === 'param' ? `${op} ${String(attribute)}` : expr;
  };
  const visit = (expr: Expr): number => {
    const key = keyOf(expr);
    const known = places.get(key);
    if (known !== undefined) return known;
    const args = expr.args.map(visit);
    nodes.push([expr.op, expr.kind, args, ...attributeAsData(expr.attribute)]);
    places.set(key, nodes.length - 1);
    return nodes.length - 1;
  };
  return { values: expressions.map(visit), nodes };
}

const kinds: readonly unknown[] = ['value', 'mask', 'int'];

/**
 * The expressions that data stand for.
 * @throws KindlingError where they stand for none
 */
export function expressionsOf(data: unknown): Expr[] {
  const { nodes, values } = (data ?? {}) as Partial<Record<keyof ExpressionData, unknown>>;
  if (!Array.isArray(nodes) || !Array.isArray(values)) throw refused('no lists of nodes and of values');
  const made: Expr[] = [];
  const madeAt = (i: unknown): Expr => {
    const expr = typeof i === 'number' ? made[i] : undefined;
    if (expr === undefined) throw refused(`node ${String(i)} is not there, or comes later`);
    return expr;
  };
  for (const one of nodes as unknown[]) made.push(nodeOf(one, madeAt));
  return values.map(madeAt);
}

function nodeOf(data: unknown, madeAt: (i: unknown) => Expr): Expr {
  const [op, kind, args, attribute] = Array.isArray(data) ? (data as unknown[]) : [];
  if (!isOp(op)) throw refused(`there is no operation ${String(op)}`);
  if (!kinds.includes(kind) || !Array.isArray(args)) throw refused(`${op}: it has no kind, or no operands`);
  return node(op, kind as Kind, args.map(madeAt), attributeOf(op, attribute));
}

function attributeOf(op: string, x: unknown): Expr['attribute'] {
  if (op === 'intConstant') {
    if (typeof x === 'string' && /^-?\d+$/.test(x)) return BigInt(x);
    throw refused(`${op}: expected an integer in words, got ${String(x)}`);
  }
  if (op === 'constant' || op === 'input' || op === 'param' || op === 'shl' || op === 'shrU') {
    const number = typeof x === 'string' ? Number(x) : x;
    if (typeof number === 'number') return number;
    throw refused(`${op}: expected a number, got ${String(x)}`);
  }
  if (x !== undefined && typeof x !== 'string') throw refused(`${op}: expected a name, got ${String(x)}`);
  return x;
}

const refused = (why: string): KindlingError => new KindlingError(`expression: ${why}`);
