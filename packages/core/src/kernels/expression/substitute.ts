import { type Expr, node } from './node.ts';

/** An expression with others for its inputs, and for its parameters, where these do not stay. */
export function substitute(
  expression: Expr,
  inputs: readonly Expr[],
  params: readonly Expr[] | null = null,
): Expr {
  const done = new Map<Expr, Expr>();
  const visit = (expr: Expr): Expr => {
    const known = done.get(expr);
    if (known !== undefined) return known;
    const { op, kind, args, attribute } = expr;
    let made: Expr;
    if (op === 'input') made = inputs[attribute as number]!;
    else if (op === 'param') made = params?.[attribute as number] ?? expr;
    else {
      const others = args.map(visit);
      made = others.every((arg, i) => arg === args[i]) ? expr : node(op, kind, others, attribute);
    }
    done.set(expr, made);
    return made;
  };
  return visit(expression);
}

/** How many nodes expressions have in all, each counted once. */
export function nodeCount(expressions: readonly Expr[]): number {
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    expr.args.forEach(visit);
  };
  expressions.forEach(visit);
  return seen.size;
}
