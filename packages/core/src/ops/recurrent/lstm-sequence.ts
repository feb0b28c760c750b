import { K, signature } from '../../arguments/index.ts';
import { laneOf } from '../../dtype.ts';
import { ShapeError } from '../../errors.ts';
import {
  E,
  ElementwiseKernel,
  type Expr,
  gemm,
  type MatrixView,
  runElementwiseMany,
  type Strided,
} from '../../kernels/index.ts';
import { applyMulti, defineMulti, type GradNode, isGradEnabled } from '../../record/index.ts';
import { ALL_INPUTS, OUTPUT } from '../../record/node.ts';
import { formatShape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { zerosLike } from '../creation/fill.ts';
import { floatsOnly } from '../elementwise/index.ts';
import { mm } from '../products/matmul.ts';
import { narrow } from '../views/slices.ts';
import { gatesOf, lstmKernel, part, slope, slopeAt, throughLstm } from './gates.ts';

/** How a sequence is gone through. */
interface Way {
  readonly steps: number;
  readonly reversed: boolean;
}

/** The steps in the order in which they are taken. */
const orderOf = ({ steps, reversed }: Way): number[] =>
  Array.from({ length: steps }, (_, t) => (reversed ? steps - 1 - t : t));

/** The rows of a matrix from `row` on, as an operand of a product. */
function rowsFrom(x: Tensor, row: number): MatrixView {
  const [rowStride = 0, colStride = 0] = x.strides;
  return { array: x.storage.array, offset: x.offset + row * rowStride, rowStride, colStride };
}

const turned = ({ rowStride, colStride, ...x }: MatrixView): MatrixView => ({
  ...x,
  rowStride: colStride,
  colStride: rowStride,
});

type SevenOperands = [Expr, Expr, Expr, Expr, Expr, Expr, Expr];
const backwardKernels = new Map<string, ElementwiseKernel>();

/**
 * Of the gradient of h', of i, f, g, o, c and c', and, where there are, of the gradients of c' by the next step and from outside: the
 * gradients of the gates and of c.
 */
function backwardKernel(byNext: boolean, fromOutside: boolean): ElementwiseKernel {
  const key = `${byNext} ${fromOutside}`;
  let kernel = backwardKernels.get(key);
  if (kernel === undefined) {
    const arity = 7 + Number(byNext) + Number(fromOutside);
    kernel = new ElementwiseKernel('lstm_backward', arity, (...x) => {
      // Behind the operands come parameters.
      const [gh, i, f, g, o, c, next, ...toCell] = x.slice(0, arity) as [...SevenOperands, ...Expr[]];
      const squashed = E.tanh(next);
      const byState = E.mul(gh, E.mul(E.sigmoid(o), slopeAt(squashed)));
      const cell = toCell.reduceRight((sum, part) => E.add(part, sum), byState);
      const candidate = E.tanh(g);
      return [
        E.mul(cell, E.mul(candidate, slope(i))),
        E.mul(cell, E.mul(c, slope(f))),
        E.mul(cell, E.mul(E.sigmoid(i), slopeAt(candidate))),
        E.mul(gh, E.mul(squashed, slope(o))),
        E.mul(cell, E.sigmoid(f)),
      ];
    });
    backwardKernels.set(key, kernel);
  }
  return kernel;
}

/** What it reads: the gradient of states, gates, cells, first cell, weight and, where there is one, the gradient of cells. */
type BackwardInputs = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, ...cells: Tensor[]];

/** The gradients of the gates, and of the first state and cell. */
const backwardPrimitive = /* @__PURE__ */ defineMulti<Way, BackwardInputs, [Tensor, Tensor, Tensor]>({
  name: 'lstm_sequence_backward',
  saves: 0,
  infer([, gates, , c0]) {
    const state = { shape: c0.shape, dtype: c0.dtype };
    return [{ shape: gates.shape, dtype: c0.dtype }, state, state];
  },
  kernel([gh, gates, cells, c0, weight, gc], way, [toGates, toState, toCell]) {
    const [rows = 0, size = 0] = c0.shape;
    const lane = laneOf(c0.dtype);
    const order = orderOf(way);
    for (let k = order.length - 1; k >= 0; k--) {
      const at = (order[k] ?? 0) * rows;
      const before = order[k - 1];
      const after = order[k + 1];
      if (after !== undefined) {
        const from = rowsFrom(toGates, after * rows);
        gemm(rows, size, 4 * size, from, rowsFrom(weight, 0), toState.storage.array, toState.offset, {
          bias: rowsFrom(gh, at),
        });
      }
      const operands: Strided[] = [
        after === undefined ? part(gh, at, rows) : toState,
        ...gatesOf(gates, 4, at, rows),
        before === undefined ? c0 : part(cells, before * rows, rows),
        part(cells, at, rows),
      ];
      if (after !== undefined) operands.push(toCell);
      if (gc !== undefined) operands.push(part(gc, at, rows));
      const kernel = backwardKernel(after !== undefined, gc !== undefined);
      runElementwiseMany(kernel, lane, operands, [], [...gatesOf(toGates, 4, at, rows), toCell]);
    }
    const first = rowsFrom(toGates, (order[0] ?? 0) * rows);
    gemm(rows, size, 4 * size, first, rowsFrom(weight, 0), toState.storage.array, toState.offset);
  },
});

/** The gradients of gates, first state and first cell by operations that can be differentiated again. */
function backwardBySteps(
  [gh, gc, gg]: readonly [Tensor, Tensor | null, Tensor | null],
  node: GradNode<Way>,
): readonly [Tensor, Tensor, Tensor] {
  const [weight, c0] = [node.input(1), node.input(3)];
  const [cells, gates] = [node.output(1), node.output(2)];
  const rows = c0.shape[0] ?? 0;
  const of = (x: Tensor, t: number): Tensor => narrow(x, 0, t * rows, rows);
  const order = orderOf(node.attrs);
  const found = new Array<Tensor>(order.length);
  let [toState, toCell]: (Tensor | null)[] = [null, null];
  for (let k = order.length - 1; k >= 0; k--) {
    const t = order[k] ?? 0;
    const before = order[k - 1];
    const h = toState == null ? of(gh, t) : of(gh, t).add(toState);
    const byCell = gc === null ? null : of(gc, t);
    const c = toCell == null ? byCell : byCell === null ? toCell : toCell.add(byCell);
    const through = throughLstm(
      h,
      c,
      of(gates, t),
      before === undefined ? c0 : of(cells, before),
      of(cells, t),
    );
    if (through === null) continue;
    found[t] = gg === null ? through[0] : through[0].add(of(gg, t));
    toState = mm(found[t], weight);
    toCell = through[1];
  }
  return [cat(found, 0), toState ?? zerosLike(c0), toCell ?? zerosLike(c0)];
}

/** Gates by input, weights of the state, and first state and cell; gives states, cells and gates of all steps. */
const sequencePrimitive = /* @__PURE__ */ defineMulti<
  Way,
  [Tensor, Tensor, Tensor, Tensor],
  [Tensor, Tensor, Tensor]
>({
  name: 'lstm_sequence',
  saves: ALL_INPUTS | OUTPUT,
  infer([gates, , h0], { steps }) {
    const { dtype } = gates;
    const [rows = 0, size = 0] = h0.shape;
    const states = { shape: [steps * rows, size], dtype };
    return [states, states, { shape: gates.shape, dtype }];
  },
  kernel([byInput, weight, h0, c0], way, [states, cells, gates]) {
    const [rows = 0, size = 0] = h0.shape;
    const lane = laneOf(h0.dtype);
    let from: number | null = null;
    for (const t of orderOf(way)) {
      const at = t * rows;
      const h = from === null ? rowsFrom(h0, 0) : rowsFrom(states, from);
      const c = from === null ? c0 : part(cells, from, rows);
      gemm(
        rows,
        4 * size,
        size,
        h,
        turned(rowsFrom(weight, 0)),
        gates.storage.array,
        gates.offset + 4 * at * size,
        {
          bias: rowsFrom(byInput, at),
        },
      );
      const results = [part(states, at, rows), part(cells, at, rows)];
      runElementwiseMany(lstmKernel, lane, [...gatesOf(gates, 4, at, rows), c], [], results);
      from = at;
    }
  },
  derivative([gh, gc, gg], node) {
    const [weight, h0, c0] = [node.input(1), node.input(2), node.input(3)];
    const [states, cells, gates] = [node.output(0), node.output(1), node.output(2)];
    const given = gh ?? zerosLike(states);
    const [toGates, toState, toCell] =
      gg !== null || isGradEnabled()
        ? backwardBySteps([given, gc, gg], node)
        : applyMulti(
            backwardPrimitive,
            [given, gates, cells, c0, weight, ...(gc === null ? [] : [gc])],
            node.attrs,
          );
    let toWeight: Tensor | null = null;
    if (node.needs(1)) {
      const rows = h0.shape[0] ?? 0;
      const { reversed, steps } = node.attrs;
      const others = narrow(states, 0, reversed ? rows : 0, (steps - 1) * rows);
      toWeight = mm(toGates.t(), cat(reversed ? [others, h0] : [h0, others], 0));
    }
    return [toGates, toWeight, toState, toCell];
  },
});

/** Options of {@link lstmSequence}. */
export interface LstmSequenceOptions {
  /** Whether the last step is taken first. Default: false. */
  readonly reversed?: boolean;
}

const takes = /* @__PURE__ */ signature('lstmSequence', {
  gates: K.tensor,
  weight: K.tensor,
  h0: K.tensor,
  c0: K.tensor,
  options: K.options<LstmSequenceOptions>({ reversed: K.flag }),
});
const floats = /* @__PURE__ */ floatsOnly('lstmSequence');

/**
 * An LSTM along a sequence: in each step {@link lstmGates} of the gates by input plus h W^T, where h and c are those of the step before,
 * and of the first step h0 and c0, (N, H). `gates`, (T N, 4 H), holds the gates by input of T steps one behind the other, `weight` is
 * W, (4 H, H). Gives h and c of all steps, (T N, H): the sequence is one operation, and the gradient of W one product.
 * Kindling's own; follows `torch.lstm`.
 * @throws ShapeError when the shapes do not fit, or there is no step; DTypeError for integers, or when the dtypes differ
 * @example
 * ```ts
 * const [h, c] = lstmSequence(zeros([2, 4]), zeros([4, 1]), zeros([1, 1]), ones([1, 1]));
 * c; // tensor([[0.5000], [0.2500]])
 * ```
 */
export function lstmSequence(
  gates: Tensor,
  weight: Tensor,
  h0: Tensor,
  c0: Tensor,
  options: LstmSequenceOptions = {},
): [Tensor, Tensor] {
  takes(arguments);
  floats(c0.dtype);
  const [rows = 0, size = 0] = h0.shape;
  const steps = (gates.shape[0] ?? 0) / Math.max(1, rows);
  const dtypes = [gates, weight, h0].every(({ dtype }) => dtype === c0.dtype);
  if (
    h0.ndim !== 2 ||
    !sameShape(h0.shape, c0.shape) ||
    !sameShape(weight.shape, [4 * size, size]) ||
    !sameShape(gates.shape, [steps * rows, 4 * size]) ||
    !Number.isInteger(steps) ||
    steps === 0 ||
    !dtypes
  ) {
    const got = [gates, weight, h0, c0]
      .map(({ shape, dtype }) => `${formatShape(shape)} of ${dtype}`)
      .join(', ');
    throw new ShapeError(
      `lstmSequence: expected gates (T N, 4 H), weight (4 H, H), h0 and c0 (N, H) of one dtype, got ${got}`,
    );
  }
  const [states, cells] = applyMulti(sequencePrimitive, [gates, weight, h0, c0], {
    steps,
    reversed: options.reversed ?? false,
  });
  return [states, cells];
}
