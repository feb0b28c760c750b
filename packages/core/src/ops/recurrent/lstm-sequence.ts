import { K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { lstmBackward, lstmForward, type Passage } from '../../kernels/index.ts';
import { applyMulti, defineMulti, type GradNode, isGradEnabled } from '../../record/index.ts';
import { ALL_INPUTS, OUTPUT } from '../../record/node.ts';
import { formatShape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { zerosLike } from '../creation/fill.ts';
import { floatsOnly } from '../elementwise/index.ts';
import { mm } from '../products/matmul.ts';
import { narrow } from '../views/slices.ts';
import { chunk } from '../views/split.ts';

/** How a sequence is gone through. */
interface Way {
  readonly steps: number;
  readonly reversed: boolean;
}

/** The steps in the order in which they are taken. */
const orderOf = ({ steps, reversed }: Way): number[] =>
  Array.from({ length: steps }, (_, t) => (reversed ? steps - 1 - t : t));

const passageOf = ({ shape: [rows = 0, size = 0] }: Tensor, way: Way): Passage => ({ rows, size, ...way });

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
  kernel([gh, gates, cells, c0, weight, gc = null], way, outs) {
    lstmBackward(passageOf(c0, way), [gh, gc], [gates, cells, c0, weight], outs);
  },
});

type Four = readonly [Tensor, Tensor, Tensor, Tensor];

/** Of the gradients of h', of c' and of the gates after their functions, those of the gates before, and of c. */
function throughStep(
  gh: Tensor,
  gc: Tensor | null,
  gg: Tensor | null,
  gates: Tensor,
  c: Tensor,
  next: Tensor,
): readonly [Tensor, Tensor] {
  const [i, f, g, o] = chunk(gates, 4, 1) as unknown as Four;
  const squashed = next.tanh();
  const byState = gh.mul(o).mul(squashed.square().neg().add(1));
  const cell = gc === null ? byState : byState.add(gc);
  const active = cat([cell.mul(g), cell.mul(c), cell.mul(i), gh.mul(squashed)], 1);
  const logistic = (x: Tensor): Tensor => x.sub(x.square());
  const slopes = cat([logistic(i), logistic(f), g.square().neg().add(1), logistic(o)], 1);
  return [(gg === null ? active : active.add(gg)).mul(slopes), cell.mul(f)];
}

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
    const ofGates = gg === null ? null : of(gg, t);
    const last = before === undefined ? c0 : of(cells, before);
    const [through, cell] = throughStep(h, c, ofGates, of(gates, t), last, of(cells, t));
    found[t] = through;
    toState = mm(through, weight);
    toCell = cell;
  }
  return [cat(found, 0), toState ?? zerosLike(c0), toCell ?? zerosLike(c0)];
}

/** Gates by input, weights of the state, and first state and cell; gives states, cells and the gates after their functions, of all steps. */
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
  kernel: (inputs, way, outs) => lstmForward(passageOf(inputs[2], way), inputs, outs),
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
