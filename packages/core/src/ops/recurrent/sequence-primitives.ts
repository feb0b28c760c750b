/**
 * What makes a cell an operation on whole sequences: one kernel on the way there, one back, and steps where gradients
 * are differentiated again.
 */

import type { DType } from '../../dtype.ts';
import {
  alongSequence,
  backAlongSequence,
  type CellName,
  type Passage,
  recurrentCells,
} from '../../kernels/index.ts';
import {
  applyMulti,
  defineMulti,
  type GradNode,
  isGradEnabled,
  type Meta,
  type MultiPrimitive,
} from '../../record/index.ts';
import { ALL_INPUTS, OUTPUT } from '../../record/node.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { zerosLike } from '../creation/fill.ts';
import { mm } from '../products/matmul.ts';
import { narrow } from '../views/slices.ts';

type Input = 'gates' | 'weight' | 'h0' | 'c0' | 'projection' | 'bias';
/** Of all steps: states, inner states, what the way back needs, and states before they are projected. */
type Output = 'states' | 'inner' | 'kept' | 'hidden';
type Gradient = 'toGates' | 'toProduct' | 'toStates' | 'toState' | 'toInner';

/** What stands at a step of the way back: tensors (N, *), and the gradients of the state and of the inner state. */
interface Step {
  readonly gh: Tensor;
  readonly gc: Tensor | null;
  readonly byInput: Tensor;
  readonly byState: Tensor;
  readonly before: Tensor;
  readonly after: Tensor;
  /** Inner states; of cells without, the states. */
  readonly cBefore: Tensor;
  readonly cAfter: Tensor;
}

/**
 * What a step passes on, or nothing by a name: to gates, to the product where that differs, to the state besides by the
 * product, to the inner state.
 */
interface Passed {
  readonly toGates: Tensor;
  readonly toProduct?: Tensor;
  readonly toState?: Tensor;
  readonly toInner?: Tensor;
}

/** A cell whose tensors have these names, in this order. */
export interface CellForm {
  readonly cell: CellName;
  readonly name: string;
  readonly inputs: readonly ['gates', 'weight', 'h0', ...Input[]];
  readonly outputs: readonly ['states', ...Output[]];
  /** What the kernel of the way back reads besides gradients. */
  readonly reads: readonly (Input | Output)[];
  readonly gradients: readonly Gradient[];
  /** A step back, by operations that can be differentiated again. */
  back(step: Step): Passed;
  /**
   * The states before they are projected, of gates before their functions and of inner states before, by such
   * operations.
   */
  hidden?(gates: Tensor, cBefore: Tensor): Tensor;
}

type Named<N extends string> = Partial<Record<N, Tensor>>;
const named = <N extends string>(names: readonly N[], tensors: readonly Tensor[]): Named<N> =>
  Object.fromEntries(tensors.map((x, i) => [names[i], x])) as Named<N>;

/** The steps in the order in which they are taken. */
const orderOf = ({ steps, reversed }: Passage): number[] =>
  Array.from({ length: steps }, (_, t) => (reversed ? steps - 1 - t : t));

/** The states before each step, of the first one and those after each. */
function statesBefore({ steps, rows, reversed }: Passage, first: Tensor, states: Tensor): Tensor {
  const others = narrow(states, 0, reversed ? rows : 0, (steps - 1) * rows);
  return cat(reversed ? [others, first] : [first, others], 0);
}

type Result = Output | Gradient;

/** The shape of a result. */
function shapeOf(name: Result, { cell, steps, rows, size, out }: Passage): Shape {
  const { gates, kept } = recurrentCells[cell];
  const columns: Readonly<Record<Result, number>> = {
    ...{ states: out, inner: size, hidden: size, kept: kept * size },
    ...{ toGates: gates * size, toProduct: gates * size, toStates: out, toState: out, toInner: size },
  };
  const once = name === 'toState' || name === 'toInner';
  return [once ? rows : steps * rows, columns[name]];
}

const metaOf = (names: readonly Result[], passage: Passage, dtype: DType): Meta[] =>
  names.map((name) => ({ shape: shapeOf(name, passage), dtype }));

/** The gradients by operations that can be differentiated again, step by step. */
function backBySteps(
  form: CellForm,
  node: GradNode<Passage>,
  given: Named<Input | Output | 'gh' | 'gc'>,
): Named<Gradient | 'hidden'> {
  const { gates, weight, h0, states, projection, bias, gh, gc } = given as Required<typeof given>;
  const { c0 = h0, inner = states } = given;
  const { rows } = node.attrs;
  const product = mm(statesBefore(node.attrs, h0, states), weight.t());
  const byState = bias === undefined ? product : product.add(bias);
  const of = (x: Tensor, t: number): Tensor => narrow(x, 0, t * rows, rows);
  const order = orderOf(node.attrs);
  const found: (Passed & { readonly gh: Tensor })[] = [];
  let [toState, toInner]: (Tensor | undefined)[] = [];
  for (const [k, t] of [...order.entries()].toReversed()) {
    const before = order[k - 1];
    const last = (x: Tensor, first: Tensor): Tensor => (before === undefined ? first : of(x, before));
    const toOut = toState === undefined ? of(gh, t) : of(gh, t).add(toState);
    const toCell = gc === undefined ? [] : [of(gc, t)];
    const passed = form.back({
      gh: projection === undefined ? toOut : mm(toOut, projection),
      gc: [...toCell, ...(toInner === undefined ? [] : [toInner])].reduce<Tensor | null>(
        (sum, x) => sum?.add(x) ?? x,
        null,
      ),
      ...{ byInput: of(gates, t), byState: of(byState, t), before: last(states, h0), after: of(states, t) },
      ...{ cBefore: last(inner, c0), cAfter: of(inner, t) },
    });
    const byProduct = mm(passed.toProduct ?? passed.toGates, weight);
    toState = passed.toState === undefined ? byProduct : byProduct.add(passed.toState);
    toInner = passed.toInner;
    found[t] = { ...passed, gh: toOut };
  }
  const all = (part: (step: (typeof found)[number]) => Tensor): Tensor => cat(found.map(part), 0);
  return {
    toGates: all((step) => step.toGates),
    toProduct: all((step) => step.toProduct ?? step.toGates),
    toStates: all((step) => step.gh),
    ...(toState === undefined ? {} : { toState }),
    ...(toInner === undefined ? {} : { toInner }),
    ...(form.hidden === undefined
      ? {}
      : { hidden: form.hidden(gates.add(byState), statesBefore(node.attrs, c0, inner)) }),
  };
}

/** Makes an operation of a cell: it gives the outputs of the form for its inputs. */
export function sequenceOf(form: CellForm): MultiPrimitive<Passage, Tensor[], Tensor[]> {
  const { name, inputs, outputs, reads, gradients } = form;
  const backReads = [...reads, 'gh', 'gc'] as const;
  const backward = defineMulti<Passage, Tensor[], Tensor[]>({
    name: `${name}_backward`,
    saves: 0,
    infer: ([first], passage) => metaOf(gradients, passage, first?.dtype ?? 'float32'),
    kernel: (given, passage, outs) =>
      backAlongSequence(passage, { ...named(backReads, given), ...named(gradients, outs) }),
  });
  return defineMulti<Passage, Tensor[], Tensor[]>({
    name,
    saves: ALL_INPUTS | OUTPUT,
    infer: ([gates], passage) => metaOf(outputs, passage, gates?.dtype ?? 'float32'),
    kernel: (given, passage, outs) =>
      alongSequence(passage, { ...named(inputs, given), ...named(outputs, outs) }),
    derivative(grads, node) {
      const saved = {
        ...named(
          inputs,
          node.inputShapes.map((_, i) => node.input(i)),
        ),
        ...named(
          outputs,
          outputs.map((_, i) => node.output(i)),
        ),
      };
      const byOutput = Object.fromEntries(grads.map((g, i) => [outputs[i], g ?? undefined])) as Named<Output>;
      const gh = byOutput.states ?? zerosLike(node.output(0));
      const gc = byOutput.inner;
      const read = [...reads.map((of) => saved[of] as Tensor), gh, ...(gc === undefined ? [] : [gc])];
      const found = {
        ...saved,
        ...(isGradEnabled()
          ? backBySteps(form, node, { ...saved, gh, ...(gc === undefined ? {} : { gc }) })
          : named(gradients, applyMulti(backward, read, node.attrs))),
      } as Named<Input | Output | Gradient>;
      const toProduct = found.toProduct ?? found.toGates;
      const of: Readonly<Record<Input, () => Tensor | undefined>> = {
        gates: () => found.toGates,
        weight: () => toProduct?.t().mm(statesBefore(node.attrs, node.input(2), node.output(0))),
        h0: () => found.toState,
        c0: () => found.toInner,
        projection: () => found.hidden && found.toStates?.t().mm(found.hidden),
        bias: () => toProduct?.sum(0),
      };
      return inputs
        .slice(0, node.inputShapes.length)
        .map((input, i) => (node.needs(i) ? (of[input]() ?? null) : null));
    },
  });
}
