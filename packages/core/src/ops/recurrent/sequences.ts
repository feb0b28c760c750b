import { K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { type Passage, recurrentCells } from '../../kernels/index.ts';
import { applyMulti } from '../../record/index.ts';
import { formatShape, type Shape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { floatsOnly, where } from '../elementwise/index.ts';
import { lstmGates, throughGru, throughLstm } from './gates.ts';
import { type CellForm, sequenceOf } from './sequence-primitives.ts';

const lstmForm: CellForm = {
  ...{ cell: 'lstm', name: 'lstm_sequence' },
  inputs: ['gates', 'weight', 'h0', 'c0'],
  outputs: ['states', 'inner', 'kept'],
  reads: ['kept', 'inner', 'c0', 'weight'],
  gradients: ['toGates', 'toState', 'toInner'],
  back({ gh, gc, byInput, byState, cBefore, cAfter }) {
    const [toGates, toInner] = throughLstm(gh, gc, byInput.add(byState), cBefore, cAfter);
    return toGates === null ? { toGates: byInput.mul(0) } : { toGates, toInner };
  },
};

const plainForm = (cell: 'tanh' | 'relu', gradient: CellForm['back']): CellForm => ({
  ...{ cell, name: `rnn_${cell}_sequence` },
  inputs: ['gates', 'weight', 'h0'],
  outputs: ['states'],
  reads: ['states', 'weight'],
  gradients: ['toGates', 'toState'],
  back: gradient,
});

const sequences = {
  lstm: /* @__PURE__ */ sequenceOf(lstmForm),
  projected: /* @__PURE__ */ sequenceOf({
    ...lstmForm,
    ...{ cell: 'projected', name: 'lstm_projected_sequence' },
    inputs: ['gates', 'weight', 'h0', 'c0', 'projection'],
    outputs: ['states', 'inner', 'kept', 'hidden'],
    reads: ['kept', 'inner', 'c0', 'weight', 'projection'],
    gradients: ['toGates', 'toStates', 'toState', 'toInner'],
    hidden: (gates, cBefore) => lstmGates(gates, cBefore)[0],
  }),
  gru: /* @__PURE__ */ sequenceOf({
    ...{ cell: 'gru', name: 'gru_sequence' },
    inputs: ['gates', 'weight', 'h0', 'bias'],
    outputs: ['states', 'kept'],
    reads: ['kept', 'states', 'h0', 'weight'],
    gradients: ['toGates', 'toProduct', 'toState'],
    back({ gh, byInput, byState, before }) {
      const [toGates, toProduct, toState] = throughGru(gh, byInput, byState, before);
      return { toGates: toGates(), toProduct: toProduct(), toState: toState() };
    },
  }),
  tanh: /* @__PURE__ */ sequenceOf(
    plainForm('tanh', ({ gh, after }) => ({ toGates: gh.mul(after.square().neg().add(1)) })),
  ),
  relu: /* @__PURE__ */ sequenceOf(
    plainForm('relu', ({ gh, after }) => ({ toGates: where(after.le(0), 0, gh) })),
  ),
} as const;

/**
 * What {@link lstmSequence} and its kin are given, by PyTorch's letters for sizes: T steps, N rows, H in the state, P
 * shown of it.
 */
type Given = Readonly<Partial<Record<CellForm['inputs'][number], Tensor>>>;

/** Goes along a sequence; refuses operands that do not fit. */
function along(
  cell: keyof typeof sequences,
  name: string,
  given: Given,
  reversed: boolean,
): readonly Tensor[] {
  const { gates: parts } = recurrentCells[cell];
  const { h0, weight, gates } = given as Required<Given>;
  const [rows = 0, out = 0] = h0.shape;
  const size = (weight.shape[0] ?? 0) / parts;
  // Without rows nothing tells how many steps there are, nor do they matter.
  const steps = rows === 0 ? 1 : (gates.shape[0] ?? 0) / rows;
  const wide = `${parts === 1 ? '' : `${parts} `}H`;
  const state = cell === 'projected' ? 'P' : 'H';
  const expected: Readonly<Record<keyof Given, readonly [Shape, string]>> = {
    gates: [[steps * rows, parts * size], `(T N, ${wide})`],
    weight: [[parts * size, out], `(${wide}, ${state})`],
    h0: [[rows, out], `(N, ${state})`],
    c0: [[rows, size], '(N, H)'],
    projection: [[out, size], '(P, H)'],
    bias: [[parts * size], `(${wide},)`],
  };
  const operands = Object.entries(given) as [keyof Given, Tensor][];
  const fits =
    operands.every(([of, x]) => sameShape(x.shape, expected[of][0]) && x.dtype === gates.dtype) &&
    (cell === 'projected' || out === size) &&
    Number.isInteger(steps) &&
    steps > 0;
  if (!fits) {
    const wanted = operands.map(([of]) => `${of} ${expected[of][1]}`).join(', ');
    const got = operands.map(([, { shape, dtype }]) => `${formatShape(shape)} of ${dtype}`).join(', ');
    throw new ShapeError(`${name}: expected ${wanted}, all of one dtype, got ${got}`);
  }
  const passage: Passage = { cell, steps, rows, size, out, reversed };
  return applyMulti<Passage, Tensor[], Tensor[]>(
    sequences[cell],
    operands.map(([, x]) => x),
    passage,
  );
}

/** Options of {@link gruSequence} and its kin. */
export interface SequenceOptions {
  /** Whether the last step is taken first. Default: false. */
  readonly reversed?: boolean;
}

/** Options of {@link lstmSequence}. */
export interface LstmSequenceOptions extends SequenceOptions {
  /** What brings h to P elements in each step, (P, H). Default: `null`, h stays as it is. */
  readonly projection?: Tensor | null;
}

/** Options of {@link gruSequence}. */
export interface GruSequenceOptions extends SequenceOptions {
  /** What is added to the gates by state, (3 H,). Default: `null`, nothing. */
  readonly bias?: Tensor | null;
}

/** Options of {@link rnnSequence}. */
export interface RnnSequenceOptions extends SequenceOptions {
  /** What a step ends with. Default: `'tanh'`. */
  readonly nonlinearity?: 'tanh' | 'relu';
}

const kinds = { gates: K.tensor, weight: K.tensor, h0: K.tensor };
const wayKinds = { reversed: K.flag };
const lstmTakes = /* @__PURE__ */ signature('lstmSequence', () => ({
  ...kinds,
  c0: K.tensor,
  options: K.options<LstmSequenceOptions>({ ...wayKinds, projection: K.nullable(K.tensor) }),
}));
const gruTakes = /* @__PURE__ */ signature('gruSequence', () => ({
  ...kinds,
  options: K.options<GruSequenceOptions>({ ...wayKinds, bias: K.nullable(K.tensor) }),
}));
const rnnTakes = /* @__PURE__ */ signature('rnnSequence', () => ({
  ...kinds,
  options: K.options<RnnSequenceOptions>({ ...wayKinds, nonlinearity: K.oneOf('tanh', 'relu') }),
}));
const lstmFloats = /* @__PURE__ */ floatsOnly('lstmSequence');
const gruFloats = /* @__PURE__ */ floatsOnly('gruSequence');
const rnnFloats = /* @__PURE__ */ floatsOnly('rnnSequence');

/**
 * An LSTM along a sequence: in each step {@link lstmGates} of the gates by input plus h W^T, where h and c are those of
 * the step before, and of the first step h0 and c0, (N, H). `gates`, (T N, 4 H), holds the gates by input of T steps
 * one behind the other, `weight` is W, (4 H, H). Gives h and c of all steps, (T N, H): the sequence is one operation,
 * and the gradient of W one product. With a `projection` V, (P, H), each h is brought to h V^T, (N, P), before others
 * see it, and W is (4 H, P). Kindling's own; follows `torch.lstm`.
 * @throws ShapeError when the shapes or dtypes do not fit, or there is no step; DTypeError for integers
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
  lstmTakes(arguments);
  lstmFloats(gates.dtype);
  const { projection = null, reversed = false } = options;
  const given = { gates, weight, h0, c0 };
  const [h, c] =
    projection === null
      ? along('lstm', 'lstmSequence', given, reversed)
      : along('projected', 'lstmSequence', { ...given, projection }, reversed);
  return [h as Tensor, c as Tensor];
}

/**
 * A GRU along a sequence: in each step {@link gruGates} of the gates by input and of h W^T + b, where h is that of the
 * step before, and of the first step h0, (N, H). `gates`, (T N, 3 H), holds the gates by input of T steps one behind
 * the other, `weight` is W, (3 H, H). Gives h of all steps, (T N, H): the sequence is one operation. Kindling's own;
 * follows `torch.gru`.
 * @throws ShapeError when the shapes or dtypes do not fit, or there is no step; DTypeError for integers
 * @example gruSequence(zeros([2, 3]), zeros([3, 1]), ones([1, 1])); // tensor([[0.5000], [0.2500]])
 */
export function gruSequence(
  gates: Tensor,
  weight: Tensor,
  h0: Tensor,
  options: GruSequenceOptions = {},
): Tensor {
  gruTakes(arguments);
  gruFloats(gates.dtype);
  const { bias = null, reversed = false } = options;
  const given = { gates, weight, h0, ...(bias === null ? {} : { bias }) };
  return along('gru', 'gruSequence', given, reversed)[0] as Tensor;
}

/**
 * A plain recurrent net along a sequence: in each step tanh, or relu, of the gates by input plus h W^T, where h is that
 * of the step before, and of the first step h0, (N, H). `gates`, (T N, H), holds the gates by input of T steps one
 * behind the other, `weight` is W, (H, H). Gives h of all steps, (T N, H): the sequence is one operation. Kindling's
 * own; follows `torch.rnn_tanh` and `torch.rnn_relu`.
 * @throws ShapeError when the shapes or dtypes do not fit, or there is no step; DTypeError for integers
 * @example rnnSequence(ones([2, 1]), ones([1, 1]), zeros([1, 1]), { nonlinearity: 'relu' }); // tensor([[1.], [2.]])
 */
export function rnnSequence(
  gates: Tensor,
  weight: Tensor,
  h0: Tensor,
  options: RnnSequenceOptions = {},
): Tensor {
  rnnTakes(arguments);
  rnnFloats(gates.dtype);
  const { nonlinearity = 'tanh', reversed = false } = options;
  return along(nonlinearity, 'rnnSequence', { gates, weight, h0 }, reversed)[0] as Tensor;
}
