/**
 * The cells that go along sequences, each as expressions: what a step makes of products and state, and the way back.
 */

import type { Expr } from '../expression/index.ts';
import * as E from '../expression/index.ts';

/** What of several parts side by side stands in row `k`. */
type Parts = (k: number) => Expr;

/** What a step reads. */
interface Given {
  /** The gates by input, and by the state before; of cells that {@link Cell.sums} them, both are the sum. */
  readonly byInput: Parts;
  readonly byState: Parts;
  /** The state before, and the inner one. */
  h(): Expr;
  c(): Expr;
  /** The logistic function and the hyperbolic tangent. */
  sigmoid(x: Expr): Expr;
  tanh(x: Expr): Expr;
}

/** What the way back of a step reads. */
interface Returned {
  /** The gradients of the state, and of the inner one. */
  readonly gh: Expr;
  gc(): Expr;
  readonly kept: Parts;
  /** The states before and after the step. */
  before(): Expr;
  after(): Expr;
  cBefore(): Expr;
  cAfter(): Expr;
  tanh(x: Expr): Expr;
}

/** A cell; parts are as wide as its state. */
export interface Cell {
  readonly name: string;
  /** Parts that a step gets by input, and by the product of the state and its weights. */
  readonly gates: number;
  /** Parts that are kept of each step for the way back: none, or at least as many as gates. */
  readonly kept: number;
  /**
   * Whether gates by input and by state are but added up: the product is added to what is there by input, and what is
   * kept lies over it, part by part, as on the way back the gradients of gates may over what was kept.
   */
  readonly sums: boolean;
  /** Whether there is an inner state besides that which products take. */
  readonly inner: boolean;
  /** Whether what is added to the product has to be known apart from what is added to the input's. */
  readonly bias: boolean;
  /** Whether the state is brought to another size by a product before others see it. */
  readonly projected: boolean;
  forward(x: Given): { readonly h: Expr; readonly c?: Expr; readonly kept?: readonly Expr[] };
  /**
   * The gradients of the gates by input, those by state where they differ, and of the states but for that by the
   * product.
   */
  backward(x: Returned): {
    readonly byInput: readonly Expr[];
    readonly byState?: readonly Expr[];
    readonly h?: Expr;
    readonly c?: Expr;
  };
}

/** The slope of the logistic function where its value is y. */
const logistic = (y: Expr): Expr => E.mul(y, E.sub(1, y));
/** The slope of tanh where its value is y. */
const hyperbolic = (y: Expr): Expr => E.sub(1, E.mul(y, y));

const lstm: Cell = {
  ...{ name: 'lstm', gates: 4, kept: 4, sums: true, inner: true, bias: false, projected: false },
  forward({ byState, c, sigmoid, tanh }) {
    const gate = (k: number, activate: (x: Expr) => Expr): Expr => activate(byState(k));
    const [i, g] = [gate(0, sigmoid), gate(2, tanh)];
    const f = gate(1, sigmoid);
    const next = E.add(E.mul(f, c()), E.mul(i, g));
    const o = gate(3, sigmoid);
    return { kept: [i, f, g, o], c: next, h: E.mul(o, tanh(next)) };
  },
  backward({ gh, gc, kept, cBefore, cAfter, tanh }) {
    const [i, f, g, o] = [kept(0), kept(1), kept(2), kept(3)];
    const squashed = tanh(cAfter());
    const toOutput = E.mul(E.mul(gh, squashed), logistic(o));
    const toCell = E.add(E.mul(E.mul(gh, o), hyperbolic(squashed)), gc());
    return {
      byInput: [
        E.mul(E.mul(toCell, g), logistic(i)),
        E.mul(E.mul(toCell, cBefore()), logistic(f)),
        E.mul(E.mul(toCell, i), hyperbolic(g)),
        toOutput,
      ],
      c: E.mul(toCell, f),
    };
  },
};

/** Kept are its gates r and z, what the product gives for the new state, and that. */
const gru: Cell = {
  ...{ name: 'gru', gates: 3, kept: 4, sums: false, inner: false, bias: true, projected: false },
  forward({ byInput, byState, h, sigmoid, tanh }) {
    const [r, z] = [sigmoid(E.add(byInput(0), byState(0))), sigmoid(E.add(byInput(1), byState(1)))];
    const last = byState(2);
    const next = tanh(E.add(byInput(2), E.mul(r, last)));
    return { kept: [r, z, last, next], h: E.add(next, E.mul(z, E.sub(h(), next))) };
  },
  backward({ gh, kept, before }) {
    const [r, z, last, next] = [kept(0), kept(1), kept(2), kept(3)];
    const toNew = E.mul(E.mul(gh, E.sub(1, z)), hyperbolic(next));
    const toReset = E.mul(E.mul(toNew, last), logistic(r));
    const toUpdate = E.mul(E.mul(gh, E.sub(before(), next)), logistic(z));
    return {
      byInput: [toReset, toUpdate, toNew],
      byState: [toReset, toUpdate, E.mul(toNew, r)],
      h: E.mul(gh, z),
    };
  },
};

/** A cell of one gate, which is its state. */
const plain = (
  name: string,
  activate: (x: Expr, given: Given) => Expr,
  gradient: (g: Expr, y: Expr) => Expr,
): Cell => ({
  ...{ name, gates: 1, kept: 0, sums: false, inner: false, bias: false, projected: false },
  forward: (given) => ({ h: activate(E.add(given.byInput(0), given.byState(0)), given) }),
  backward: ({ gh, after }) => ({ byInput: [gradient(gh, after())] }),
});

/** All cells, by name. */
export const cells = {
  lstm,
  projected: { ...lstm, name: 'projected', projected: true },
  gru,
  tanh: plain(
    'tanh',
    (x, { tanh }) => tanh(x),
    (g, y) => E.mul(g, hyperbolic(y)),
  ),
  relu: plain(
    'relu',
    (x) => E.pmax(x, 0),
    (g, y) => E.select(E.le(y, 0), 0, g),
  ),
} as const satisfies Readonly<Record<string, Cell>>;

/** The name of a cell. */
export type CellName = keyof typeof cells;
