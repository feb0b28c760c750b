import { E, type Expr, inputsOf, pullback } from '../../kernels/index.ts';
import { apply, type GradNode, INPUT, isGradEnabled, OUTPUT } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { detach } from '../creation/copy.ts';
import { underived } from '../views/underived.ts';
import { checkedGradients, type Inputs } from './operands.ts';
import type { ElementwiseOp, ElementwiseSpec } from './operation.ts';

/** Builds the gradient of each tensor operand from nodes for g, for those operands and for the result. */
type Gradients = (g: Expr, x: readonly Expr[], y: Expr) => readonly (Expr | null)[];

/**
 * Builds the gradients of those gradients, where that of theirs is `h`: of each by g and by the operands; `null` where
 * it is what differentiating gives.
 */
type Seconds = (
  h: Expr,
  g: Expr,
  x: readonly Expr[],
  y: Expr,
) => readonly (readonly (Expr | null)[] | null)[];

/** Makes an operation of a spec; handed in, since operations are made of gradients as gradients are of operations. */
type Define = (spec: ElementwiseSpec) => ElementwiseOp;

let nextDropped = 1000;
/** Operands that drop out still need a node, distinct from all others at every order, to be differentiated by. */
const droppedInput = (): Expr => E.input(nextDropped++);

/**
 * The gradient of one tensor operand: an elementwise operation of g, and of those operands and the result that occur in
 * it.
 */
class OperandGradient {
  /** What it reads, in the form of a primitive's `saves`. */
  readonly saves: number;
  /** The operands that it reads, by number; one past the last operand is the result. */
  readonly #used: readonly number[];
  /** Which of these are kept out of the graph, so that the gradient has none of its own to them. */
  readonly #apart: readonly number[];
  readonly #operands: number;
  /** `null` where the gradient is g itself. */
  readonly #op: ElementwiseOp | null;

  constructor(operands: number, used: readonly number[], apart: readonly number[], op: ElementwiseOp | null) {
    this.#operands = operands;
    this.#used = used;
    this.#apart = apart;
    this.saves = used.reduce((bits, i) => bits | (i === operands ? OUTPUT : INPUT(i)), 0);
    this.#op = op;
  }

  /** The gradient of the operand where that of the result is `g`. */
  run<A>(g: Tensor, node: GradNode<A>, params: readonly number[]): Tensor {
    if (this.#op === null) return g;
    const used = this.#used;
    const inputs = new Array<Tensor>(used.length + 1);
    inputs[0] = g;
    for (let k = 0; k < used.length; k++) {
      const i = used[k]!;
      const x = i === this.#operands ? node.output() : node.input(i);
      inputs[k + 1] = this.#apart.length > 0 && this.#apart.includes(i) && isGradEnabled() ? detach(x) : x;
    }
    return apply(this.#op.primitive(0), inputs as unknown as Inputs, params);
  }
}

/** All operands and the result, of which an operation has those that it uses. */
function allOf(operands: number, used: readonly number[], rest: readonly Expr[]): [x: Expr[], y: Expr] {
  const all = Array.from({ length: operands + 1 }, (_, i) => {
    const at = used.indexOf(i);
    return at < 0 ? droppedInput() : (rest[at] as Expr);
  });
  return [all.slice(0, operands), all[operands] as Expr];
}

/**
 * The gradient `of` an operand as an operation of g and of those operands that it uses, with its own gradient where one
 * is stated.
 */
function specOver(
  operands: number,
  of: number,
  gradients: Gradients,
  seconds: Seconds | undefined,
  used: readonly number[],
): Pick<ElementwiseSpec, 'expression' | 'gradient'> {
  const expression: ElementwiseSpec['expression'] = (g, ...rest) =>
    gradients(g as Expr, ...allOf(operands, used, rest))[of] as Expr;
  const secondOf = (h: Expr, g: Expr, rest: readonly Expr[]) =>
    seconds?.(h, g, ...allOf(operands, used, rest))[of] ?? null;
  if (secondOf(droppedInput(), droppedInput(), used.map(droppedInput)) === null) return { expression };
  return {
    expression,
    gradient({ g: h }, g, ...rest) {
      const [byG = null, ...byOperands] = secondOf(h, g as Expr, rest) ?? [];
      return [byG, ...used.map((i) => byOperands[i] ?? null)];
    },
  };
}

/**
 * The gradients that `gradients` states of `operands` tensor operands, as operations; `null` where there is none.
 *
 * `shaped`: the gradient of the result is a single number, so that each reads at least one operand, to have its shape.
 */
function operandGradients(
  define: Define,
  { name, comparesApart = false }: ElementwiseSpec,
  operands: number,
  gradients: Gradients,
  seconds: Seconds | undefined,
  shaped: boolean,
): readonly (OperandGradient | null)[] {
  const x = Array.from({ length: operands }, (_, i) => E.input(i + 1));
  return gradients(E.input(0), x, E.input(operands + 1)).map((expression, of) => {
    if (expression === null) return null;
    if (!shaped && expression.op === 'input' && expression.attribute === 0) {
      return new OperandGradient(operands, [], [], null);
    }
    const read = [...inputsOf(expression)].filter((i) => i > 0).map((i) => i - 1);
    const used = shaped && read.length === 0 ? [of] : read.sort((a, b) => a - b);
    const op = define({
      name: `${name}_backward`,
      arity: used.length + 1,
      ...specOver(operands, of, gradients, seconds, used),
    });
    const compared = used.filter((i) => pullback(expression, i + 1, E.input(0)) === null);
    return new OperandGradient(operands, used, comparesApart ? compared : [], op);
  });
}

/** What an elementwise primitive of attributes `A` states of its derivative. */
interface ElementwiseDerivative<A> {
  readonly saves: number;
  readonly derivative?: (g: Tensor, node: GradNode<A>) => readonly (Tensor | null)[];
}

/** Gradients as operations on tensors: `reads` are the operands that they look at. */
export interface ComposedGradient {
  readonly reads: readonly number[];
  readonly of: (
    g: Tensor,
    x: (operand: number) => Tensor,
    params: readonly number[],
  ) => readonly (() => Tensor)[];
}

/** The derivative by such gradients. */
export const composedDerivative = ({
  reads,
  of,
}: ComposedGradient): ElementwiseDerivative<readonly number[]> => ({
  saves: reads.reduce((bits, i) => bits | INPUT(i), 0),
  derivative: (g, node) =>
    of(g, (i) => node.input(i), node.attrs).map((gradient, i) => (node.needs(i) ? gradient() : null)),
});

/**
 * The derivative of an operation of `operands` tensors; none where the spec says so. `params` are those of the
 * gradients, from the node. `shaped` is that of {@link operandGradients}.
 */
export function derivativeOf<A>(
  spec: ElementwiseSpec,
  define: Define,
  operands: number,
  gradients: Gradients,
  seconds: Seconds | undefined,
  params: (node: GradNode<A>) => readonly number[],
  shaped = false,
): ElementwiseDerivative<A> {
  if (spec.gradient === false) return { saves: 0 };
  if (spec.gradient === 'refused') {
    return {
      saves: 0,
      derivative() {
        throw underived(spec.name);
      },
    };
  }
  const each = operandGradients(define, spec, operands, gradients, seconds, shaped);
  return {
    saves: each.reduce((bits, gradient) => bits | (gradient?.saves ?? 0), 0),
    derivative(g, node) {
      const numbers = params(node);
      const result = new Array<Tensor | null>(each.length);
      for (let i = 0; i < each.length; i++) {
        const gradient = each[i] ?? null;
        result[i] = gradient === null || !node.needs(i) ? null : gradient.run(g, node, numbers);
      }
      return result;
    },
  };
}

/**
 * The gradient of each of the operands `of`: as the spec states it, else found by differentiating the expression.
 * `nodes` are the operands, then the parameters; `y` is the result, which is computed anew where none is given.
 */
export function gradientExpressions(
  spec: ElementwiseSpec,
  g: Expr,
  nodes: readonly Expr[],
  of: readonly number[],
  y?: Expr,
): readonly (Expr | null)[] {
  if (typeof spec.gradient === 'function') {
    const stated = checkedGradients(spec, spec.gradient({ g, y: y ?? spec.expression(...nodes) }, ...nodes));
    return of.map((i) => stated[i] ?? null);
  }
  const value = spec.expression(...nodes);
  const read = inputsOf(value);
  return of.map((i) => {
    const operand = nodes[i];
    if (operand?.op !== 'input') return null;
    const index = operand.attribute as number;
    // A function that is constant between its jumps has the gradient 0, which is not the same as none.
    return pullback(value, index, g, y) ?? (read.has(index) ? E.constant(0) : null);
  });
}

/**
 * The gradients of the gradients of the operands `of`, as the spec states them. `nodesOf` makes of the tensor operands
 * all nodes; `scale` is what g is multiplied with before the gradients see it.
 */
export function secondsOf(
  { second }: ElementwiseSpec,
  of: readonly number[],
  nodesOf: (x: readonly Expr[]) => readonly Expr[],
  scale?: Expr,
): Seconds | undefined {
  if (second === undefined) return undefined;
  return (h, g, x) => {
    const stated = second({ h, g: scale === undefined ? g : E.mul(g, scale) }, ...nodesOf(x));
    return of.map((i) => {
      const [byG = null, ...byOperands] = stated[i] ?? [];
      if (stated[i] == null) return null;
      const first = scale === undefined || byG === null ? byG : E.mul(byG, scale);
      return [first, ...of.map((k) => byOperands[k] ?? null)];
    });
  };
}
