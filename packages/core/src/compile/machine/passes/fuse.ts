import {
  type Area,
  E,
  type Elementwise,
  type Expr,
  nodeCount,
  type Operand,
  type Parameter,
  substitute,
} from '../../../kernels/index.ts';
import { parameterInWords } from '../../values.ts';
import { readsOfStep, writesOfStep } from '../areas.ts';
import { equationsOf, type Step } from '../lower.ts';
import { isCheck } from './checks-first.ts';
import { withoutUnread } from './dead-code.ts';

/** How far back a kernel looks for one that it can be part of. */
const farthest = 16;
/** Larger kernels run out of registers. */
const mostNodes = 160;
const mostOperands = 20;
/** Up to this many elements it is the call of a kernel that costs, so that any two go together. */
const fewElements = 64;

/**
 * Makes one kernel of elementwise kernels over the same elements: what one stores, the next takes from a register. Each
 * operation is rounded as it was, so that no bit changes. What nobody else reads is then no longer stored, by the pass
 * on dead code.
 */
export function fuse(steps: readonly Step[]): Step[] {
  const fused: Step[] = [];
  for (const step of steps) {
    if (step.kind !== 'kernel' || step.kernel.kind !== 'elementwise') {
      fused.push(step);
      continue;
    }
    const reads = new Set(readsOfStep(step));
    const writes = new Set(writesOfStep(step));
    let joined = false;
    for (let i = fused.length - 1; i >= Math.max(0, fused.length - farthest); i--) {
      const before = fused[i];
      if (before === undefined) break;
      if (
        before.kind === 'kernel' &&
        before.kernel.kind === 'elementwise' &&
        before.kernel.count === step.kernel.count &&
        (step.kernel.count <= fewElements || concerns(before, reads))
      ) {
        const kernel = joinedKernel(before.kernel, step.kernel);
        if (kernel !== null) {
          const equations = [...new Set([...equationsOf(before), ...equationsOf(step)])];
          fused[i] = { ...before, kernel, fused: equations };
          joined = true;
          break;
        }
      }
      if (isInTheWay(before, reads, writes)) break;
    }
    if (!joined) fused.push(step);
  }
  return fused;
}

/** Whether a step reads or writes one of these areas. */
const concerns = (step: Step, areas: ReadonlySet<Area>): boolean =>
  writesOfStep(step).some((area) => areas.has(area)) || readsOfStep(step).some((area) => areas.has(area));

/** Whether what reads and writes these areas cannot come before a step. Nothing comes before what may refuse. */
const isInTheWay = (step: Step, reads: ReadonlySet<Area>, writes: ReadonlySet<Area>): boolean =>
  isCheck(step) ||
  writesOfStep(step).some((area) => reads.has(area) || writes.has(area)) ||
  readsOfStep(step).some((area) => writes.has(area));

/** Element types that a lane's numbers are stored in as they are. */
const asItIs = { f32: 'float32', f64: 'float64', i32: 'int32' } as const;

const isSame = (a: Operand, b: Operand): boolean =>
  a.area === b.area &&
  a.offset === b.offset &&
  a.dtype === b.dtype &&
  a.count === b.count &&
  a.dense &&
  b.dense;

type Input = Elementwise['inputs'][number];

const isSameInput = (a: Input, b: Input): boolean =>
  a.reading === b.reading &&
  a.operand.area === b.operand.area &&
  a.operand.offset === b.operand.offset &&
  a.operand.dtype === b.operand.dtype;

const addsUp = ({ outputs }: Elementwise): boolean => outputs.some(({ addedUp }) => addedUp !== undefined);

const usesRows = (kernel: Elementwise): boolean =>
  addsUp(kernel) || kernel.inputs.some(({ reading }) => reading === 'row' || reading === 'column');

/**
 * The value of a result where it is an operand of the same kernel; `null` where it would lose bits on its way through
 * memory.
 */
function valueOf(
  { operand, expression }: Elementwise['outputs'][number],
  lane: Elementwise['lane'],
): Expr | null {
  if (expression.kind === 'mask')
    return operand.dtype === 'float64' && lane === 'i32' ? null : E.select(expression, 1, 0);
  return operand.dtype === asItIs[lane] && expression.kind === 'value' ? expression : null;
}

/** Where a parameter stands among others, at whose end it is put if it is not there. */
function placeAmong(params: Parameter[], p: Parameter): number {
  const known = params.map(parameterInWords).indexOf(parameterInWords(p));
  return known >= 0 ? known : params.push(p) - 1;
}

/** Two kernels, one after the other, as one; `null` where that cannot be, or is of no use. */
function joinedKernel(first: Elementwise, second: Elementwise): Elementwise | null {
  if (first.lane !== second.lane || first.count !== second.count) return null;
  if (addsUp(first) !== addsUp(second)) return null;
  if (first.inner !== second.inner && usesRows(first) && usesRows(second)) return null;
  const inputs: Input[] = [...first.inputs];
  let shares = first.count <= fewElements;
  const numbered: Expr[] = [];
  for (const input of second.inputs) {
    const output = first.outputs.find(({ operand }) => operand.area === input.operand.area);
    if (output !== undefined) {
      const value =
        isSame(output.operand, input.operand) && input.reading === 'dense'
          ? valueOf(output, first.lane)
          : null;
      if (value === null) return null;
      numbered.push(value);
      shares = true;
      continue;
    }
    const known = inputs.findIndex((x) => isSameInput(x, input));
    if (known >= 0) shares = true;
    else inputs.push(input);
    numbered.push(E.input(known >= 0 ? known : inputs.length - 1));
  }
  if (!shares) return null;
  const params = [...first.params];
  const ofBoth = second.params.map((p) => E.param(placeAmong(params, p)));
  const outputs = [...first.outputs];
  for (const { operand, expression, ...how } of second.outputs) {
    // What the first one reads in other places must not change under it.
    if (
      first.inputs.some(
        (x) => x.operand.area === operand.area && !(x.reading === 'dense' && isSame(x.operand, operand)),
      )
    )
      return null;
    const output = { operand, expression: substitute(expression, numbered, ofBoth), ...how };
    const over = outputs.find((other) => other.operand.area === operand.area);
    if (over === undefined) outputs.push(output);
    else if (isSame(over.operand, operand)) outputs[outputs.indexOf(over)] = output;
    else return null;
  }
  if (inputs.length + outputs.length > mostOperands) return null;
  if (nodeCount(outputs.map(({ expression }) => expression)) > mostNodes) return null;
  return withoutUnread({
    kind: 'elementwise',
    name: `${first.name} + ${second.name}`,
    lane: first.lane,
    count: first.count,
    inner: usesRows(second) ? second.inner : first.inner,
    inputs,
    params,
    outputs,
  });
}
