import { K, signature } from '../../arguments/index.ts';
import { laneOf } from '../../dtype.ts';
import { ShapeError } from '../../errors.ts';
import {
  E,
  ElementwiseKernel,
  type Expr,
  runElementwise,
  runElementwiseMany,
  type Strided,
  stridedOver,
} from '../../kernels/index.ts';
import { apply, applyMulti, defineMulti, definePrimitive } from '../../record/index.ts';
import { ALL_INPUTS, OUTPUT } from '../../record/node.ts';
import { formatShape, type Shape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { applyElementwise, ElementwiseOp, floatsOnly } from '../elementwise/index.ts';
import { chunk } from '../views/split.ts';

/** The gates that lie side by side in the rows of a matrix, `count` of them, each as a matrix. */
function gatesOf({ storage, shape, strides, offset, dtype }: Tensor, count: number): Strided[] {
  const [rows = 0, columns = 0] = shape;
  const [down = 0, right = 0] = strides;
  const size = columns / count;
  return Array.from({ length: count }, (_, k) =>
    stridedOver(storage.array, dtype, [rows, size], offset + k * size * right, [down, right]),
  );
}

/** Refuses gates that are not a matrix with `count` for each entry of the state. */
function checkGates(name: string, state: Tensor, count: number, ...gates: readonly Tensor[]): Shape {
  const { shape } = state;
  const expected = [shape[0] ?? 0, count * (shape[1] ?? 0)];
  for (const x of gates) {
    if (shape.length === 2 && sameShape(x.shape, expected) && x.dtype === state.dtype) continue;
    throw new ShapeError(
      `${name}: expected gates of shape ${formatShape(expected)} and dtype ${state.dtype} for a state of shape ` +
        `${formatShape(shape)}, got ${formatShape(x.shape)} and ${x.dtype}`,
    );
  }
  return shape;
}

/** A statement of one result, to be differentiated any number of times. */
const formula = (name: string, arity: number, expression: (...x: Expr[]) => Expr): ElementwiseOp =>
  new ElementwiseOp({ name, arity, expression });

/** The slope of the sigmoid at x. */
const slope = (x: Expr): Expr => E.mul(E.sigmoid(x), E.sub(1, E.sigmoid(x)));
/** The slope of tanh where its value is y. */
const slopeAt = (y: Expr): Expr => E.sub(1, E.mul(y, y));

/** Of i, f, g, o and c: h' and c'. */
const lstmKernel = /* @__PURE__ */ new ElementwiseKernel('lstm_gates', 5, (i, f, g, o, c) => {
  const next = E.add(E.mul(E.sigmoid(f), c), E.mul(E.sigmoid(i), E.tanh(g)));
  return [E.mul(E.sigmoid(o), E.tanh(next)), next];
});

/** What the cell gets of the gradient of the result, h = σ(o) tanh(c), and of its own. */
const toCell = /* @__PURE__ */ formula('lstm_cell_backward', 4, (gh, gc, o, c) =>
  E.add(gc, E.mul(gh, E.mul(E.sigmoid(o), slopeAt(E.tanh(c))))),
);
const toOutputGate = /* @__PURE__ */ formula('lstm_output_backward', 3, (gh, o, c) =>
  E.mul(gh, E.mul(E.tanh(c), slope(o))),
);
const toInputGate = /* @__PURE__ */ formula('lstm_input_backward', 3, (gc, i, g) =>
  E.mul(gc, E.mul(E.tanh(g), slope(i))),
);
const toForgetGate = /* @__PURE__ */ formula('lstm_forget_backward', 3, (gc, f, c) =>
  E.mul(gc, E.mul(c, slope(f))),
);
const toCandidate = /* @__PURE__ */ formula('lstm_candidate_backward', 3, (gc, i, g) =>
  E.mul(gc, E.mul(E.sigmoid(i), slopeAt(E.tanh(g)))),
);
const throughGate = /* @__PURE__ */ formula('lstm_state_backward', 2, (gc, f) => E.mul(gc, E.sigmoid(f)));

type FourGates = readonly [Tensor, Tensor, Tensor, Tensor];

/**
 * Of the gradients of h' and c', those of the gates, side by side, and of c; a gradient that there is none of is
 * `null`.
 */
export function throughLstm(
  gh: Tensor | null,
  gc: Tensor | null,
  gates: Tensor,
  c: Tensor,
  next: Tensor,
): readonly [gates: Tensor, c: Tensor] | readonly [null, null] {
  const [i, f, g, o] = chunk(gates, 4, 1) as unknown as FourGates;
  const cell = gh === null ? gc : applyElementwise(toCell, [gh, gc ?? 0, o, next]);
  if (cell === null) return [null, null];
  const parts = [
    applyElementwise(toInputGate, [cell, i, g]),
    applyElementwise(toForgetGate, [cell, f, c]),
    applyElementwise(toCandidate, [cell, i, g]),
    gh === null ? o.mul(0) : applyElementwise(toOutputGate, [gh, o, next]),
  ];
  return [cat(parts, 1), applyElementwise(throughGate, [cell, f])];
}

const lstmPrimitive = /* @__PURE__ */ defineMulti<undefined, [Tensor, Tensor], [Tensor, Tensor]>({
  name: 'lstm_gates',
  saves: ALL_INPUTS | OUTPUT,
  infer([gates, c]) {
    const meta = { shape: checkGates('lstmGates', c, 4, gates), dtype: c.dtype };
    return [meta, meta];
  },
  kernel([gates, c], _, outs) {
    runElementwiseMany(lstmKernel, laneOf(c.dtype), [...gatesOf(gates, 4), c], [], outs);
  },
  derivative: ([gh, gc], node) => throughLstm(gh, gc, node.input(0), node.input(1), node.output(1)),
});

const lstmTakes = /* @__PURE__ */ signature('lstmGates', { gates: K.tensor, c: K.tensor });
const lstmFloats = /* @__PURE__ */ floatsOnly('lstmGates');

/**
 * The step of an LSTM whose gates are worked out but for their functions: c' = σ(f) c + σ(i) tanh(g) and h' = σ(o)
 * tanh(c'), where the rows of `gates`, (N, 4 H), hold i, f, g and o. Gives h' and c', (N, H), in one pass. Kindling's
 * own; follows the cell of `torch.lstm`.
 * @throws ShapeError unless `gates` is (N, 4 H) for a state c of shape (N, H), of one dtype; DTypeError for integers
 * @example lstmGates(zeros([1, 4]), ones([1, 1])); // [ tensor([[0.2311]]), tensor([[0.5000]]) ]
 */
export function lstmGates(gates: Tensor, c: Tensor): readonly [Tensor, Tensor] {
  lstmTakes(arguments);
  lstmFloats(c.dtype);
  return applyMulti(lstmPrimitive, [gates, c], undefined);
}

type SixGates = readonly [Expr, Expr, Expr, Expr, Expr, Expr];
/** The candidate of a GRU, of its gates r and z and candidate by input and by state. */
const candidate = ([ir, , inew, hr, , hnew]: SixGates): Expr =>
  E.tanh(E.add(inew, E.mul(E.sigmoid(E.add(ir, hr)), hnew)));
const gruKernel = /* @__PURE__ */ new ElementwiseKernel('gru_gates', 7, (ir, iz, inew, hr, hz, hnew, h) => {
  const next = candidate([ir, iz, inew, hr, hz, hnew]);
  return E.add(next, E.mul(E.sigmoid(E.add(iz, hz)), E.sub(h, next)));
});

/** Of the gradient of the result: what the candidate gets before its tanh. */
const toNew = /* @__PURE__ */ formula('gru_new_backward', 7, (g, ir, iz, inew, hr, hz, hnew) =>
  E.mul(g, E.mul(E.sub(1, E.sigmoid(E.add(iz, hz))), slopeAt(candidate([ir, iz, inew, hr, hz, hnew])))),
);
const toUpdate = /* @__PURE__ */ formula('gru_update_backward', 8, (g, ir, iz, inew, hr, hz, hnew, h) =>
  E.mul(g, E.mul(E.sub(h, candidate([ir, iz, inew, hr, hz, hnew])), slope(E.add(iz, hz)))),
);
const toReset = /* @__PURE__ */ formula('gru_reset_backward', 4, (gNew, ir, hr, hnew) =>
  E.mul(gNew, E.mul(hnew, slope(E.add(ir, hr)))),
);
const throughReset = /* @__PURE__ */ formula('gru_hidden_backward', 3, (gNew, ir, hr) =>
  E.mul(gNew, E.sigmoid(E.add(ir, hr))),
);
const throughUpdate = /* @__PURE__ */ formula('gru_state_backward', 3, (g, iz, hz) =>
  E.mul(g, E.sigmoid(E.add(iz, hz))),
);

/** What works out, of the gradient of h', those of the gates by input, by state, and of h. */
export function throughGru(
  g: Tensor,
  byInput: Tensor,
  byState: Tensor,
  h: Tensor,
): readonly [byInput: () => Tensor, byState: () => Tensor, h: () => Tensor] {
  const six = [byInput, byState].flatMap((gates) => chunk(gates, 3, 1));
  const [ir, iz, , hr, hz, hnew] = six as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const gNew = applyElementwise(toNew, [g, ...six]);
  const gUpdate = applyElementwise(toUpdate, [g, ...six, h]);
  const gReset = applyElementwise(toReset, [gNew, ir, hr, hnew]);
  return [
    () => cat([gReset, gUpdate, gNew], 1),
    () => cat([gReset, gUpdate, applyElementwise(throughReset, [gNew, ir, hr])], 1),
    () => applyElementwise(throughUpdate, [g, iz, hz]),
  ];
}

const gruPrimitive = /* @__PURE__ */ definePrimitive<undefined, [Tensor, Tensor, Tensor]>({
  name: 'gru_gates',
  infer: ([byInput, byState, h]) => ({
    shape: checkGates('gruGates', h, 3, byInput, byState),
    dtype: h.dtype,
  }),
  kernel([byInput, byState, h], _, out) {
    runElementwise(gruKernel, laneOf(h.dtype), [...gatesOf(byInput, 3), ...gatesOf(byState, 3), h], [], out);
  },
  derivative: (g, node) =>
    throughGru(g, node.input(0), node.input(1), node.input(2)).map((gradient, i) =>
      node.needs(i) ? gradient() : null,
    ),
});

const gruTakes = /* @__PURE__ */ signature('gruGates', {
  byInput: K.tensor,
  byState: K.tensor,
  h: K.tensor,
});
const gruFloats = /* @__PURE__ */ floatsOnly('gruGates');

/**
 * The step of a GRU whose gates are worked out but for their functions: r = σ(ir + hr), z = σ(iz + hz), n = tanh(in + r
 * hn) and h' = n + z (h - n), where the rows of `byInput` and `byState`, (N, 3 H), hold ir, iz, in and hr, hz, hn.
 * Gives h', (N, H), in one pass. Kindling's own; follows the cell of `torch.gru`.
 * @throws ShapeError unless the gates are (N, 3 H) for a state h of shape (N, H), of one dtype; DTypeError for integers
 * @example gruGates(zeros([1, 3]), zeros([1, 3]), ones([1, 1])); // tensor([[0.5000]])
 */
export function gruGates(byInput: Tensor, byState: Tensor, h: Tensor): Tensor {
  gruTakes(arguments);
  gruFloats(h.dtype);
  return apply(gruPrimitive, [byInput, byState, h], undefined);
}
