/** Attention of tensors: by the kernels, in chunks of batch entries. */

import type { TypedArray } from '../../dtype.ts';
import { copyStrided } from '../elementwise/index.ts';
import { type Address, type Recorder, recorder } from '../recording/index.ts';
import { copyRun, type Strided, stridedOver } from '../strided/index.ts';
import { onThreads, worthThreads } from '../threads/index.ts';
import { align16, ensureBytes, f32, f64, roomBehindScratch, scratchLimit, u8 } from '../wasm/index.ts';
import { ATTENTION_SCRATCH } from './parameters.ts';
import { type AttentionPlan, type AttentionSizes, type Operands, planOf, type Stack } from './plan.ts';

/** Operands of attention, each (N, H, L, E), as the sizes say. */
interface AttentionOperands {
  readonly q: Strided;
  readonly k: Strided;
  readonly v: Strided;
  /** (N or 1, H or 1, L or 1, S): bools, `true` where a query sees a key, or numbers that are added to scores. */
  readonly mask: Strided | null;
  readonly out: Strided;
  /** (N, H, L, 2), contiguous: of the weights of each query, what their scores are less, and a factor. */
  readonly statistics: Strided;
}

/** What is wanted besides on the way back. Results lie without gaps, in any order of the dimensions behind N. */
interface AttentionGradients {
  readonly g: Strided;
  readonly dq: Strided;
  readonly dk: Strided;
  readonly dv: Strided;
}

/** Sets `out` to softmax(q k^T scale + mask) v, and `statistics`. */
export function attention(sizes: AttentionSizes, operands: AttentionOperands): void {
  run('attention', sizes, operands, null);
}

/** Sets the gradients to q, k and v. */
export function attentionBackward(
  sizes: AttentionSizes,
  operands: AttentionOperands,
  gradients: AttentionGradients,
): void {
  run('attention_backward', sizes, operands, gradients);
}

function run(
  name: string,
  sizes: AttentionSizes,
  operands: AttentionOperands,
  gradients: AttentionGradients | null,
): void {
  const lane = operands.q.dtype === 'float32' ? 'f32' : 'f64';
  const plan = planOf(sizes, gradients === null ? 'forward' : 'backward', lane);
  if (recorder === null) runInChunks(sizes, operands, gradients, plan);
  else record(recorder, name, sizes, operands, gradients, plan);
}

/** Makes something of each operand. */
function each<A>(
  { q, k, v, mask, out, statistics }: AttentionOperands,
  gradients: AttentionGradients | null,
  make: (x: Strided) => Stack<A>,
): Operands<A> {
  const back = gradients && ([gradients.g, gradients.dq, gradients.dk, gradients.dv] as const);
  return {
    q: make(q),
    k: make(k),
    v: make(v),
    mask: mask && make(mask),
    out: make(out),
    statistics: make(statistics).at,
    back: back && [make(back[0]), make(back[1]), make(back[2]), make(back[3])],
  };
}

const hasBools = ({ mask }: AttentionOperands): boolean => mask !== null && mask.dtype === 'bool';

/** Strides in bytes; 0 where one entry stands for all. */
function stackOf<A>(at: A, shape: Strided['shape'], strides: readonly number[], bytes: number): Stack<A> {
  const step = (d: number): number => (shape[d] === 1 ? 0 : (strides[d] ?? 0) * bytes);
  return { at, outer: step(0), head: step(1), row: step(2) };
}

/** Whether the elements of each row lie side by side. */
const hasRows = ({ shape, strides }: Pick<Strided, 'shape' | 'strides'>): boolean =>
  shape[3] === 1 || strides[3] === 1;

/**
 * How batch entries of an operand are brought into scratch: as they lie, with what lies between, or one row after the
 * other.
 */
interface Passage {
  readonly x: Strided;
  /** Elements of so many entries. */
  readonly count: (entries: number) => number;
  readonly bring: (first: number, entries: number, scratch: TypedArray, at: number) => void;
  readonly stack: (at: number, entries: number) => Stack<number>;
}

/** What lies between may be twice as much: so much it is where queries, keys and values are of one product. */
const WITH_GAPS = 3;

function passageOf(x: Strided): Passage {
  const { shape, strides, offset } = x;
  const [batch = 1, heads = 1, rows = 1, size = 1] = shape;
  const [outer = 0, head = 0, row = 0] = strides;
  const { array } = x.storage;
  const { BYTES_PER_ELEMENT: bytes } = array;
  const own = (entries: number): number => (batch === 1 ? 1 : entries);
  const dense = [heads * rows * size, rows * size, size, 1];
  const isForward = hasRows(x) && strides.every((stride) => stride >= 0);
  const span = (entries: number): number =>
    (entries - 1) * outer + (heads - 1) * head + (rows - 1) * row + size;
  const asItLies = (entries: number): boolean =>
    isForward && span(entries) <= WITH_GAPS * entries * heads * rows * size;
  return {
    x,
    count: (entries) => (asItLies(own(entries)) ? span(own(entries)) : own(entries) * heads * rows * size),
    bring(first, entries, scratch, at) {
      const from = offset + (batch === 1 ? 0 : first * outer);
      if (asItLies(own(entries))) copyRun(array, from, span(own(entries)), scratch, at);
      else
        copyStrided(
          stridedOver(array, x.dtype, [own(entries), heads, rows, size], from, strides),
          scratch,
          at,
        );
    },
    stack: (at, entries) => stackOf(at, shape, asItLies(own(entries)) ? strides : dense, bytes),
  };
}

/** Bytes of operands that are in scratch at a time, if those of one batch entry are not more. */
const CHUNK_BYTES = 1 << 21;

function runInChunks(
  sizes: AttentionSizes,
  operands: AttentionOperands,
  gradients: AttentionGradients | null,
  plan: AttentionPlan,
): void {
  const results =
    gradients === null ? [operands.out, operands.statistics] : [gradients.dq, gradients.dk, gradients.dv];
  const passages = new Map<Strided, Passage>();
  each(operands, gradients, (x) => {
    passages.set(x, passageOf(x));
    return stackOf(0, x.shape, x.strides, 1);
  });
  const all = [...passages.values()];
  const bytesOf = ({ x, count }: Passage, entries: number): number =>
    align16(count(entries) * x.storage.array.BYTES_PER_ELEMENT) + 64;
  const needs = (entries: number): number => all.reduce((sum, passage) => sum + bytesOf(passage, entries), 0);
  const work = sizes.batch * sizes.heads * plan.rows.work;
  // Several threads want heads for each of them.
  const chunk = work < worthThreads ? CHUNK_BYTES : 4 * CHUNK_BYTES;
  const entries = Math.max(1, Math.min(sizes.batch, Math.floor(chunk / needs(1))));
  const isLarge = ATTENTION_SCRATCH + needs(entries) > scratchLimit;

  const chunks = (call: (args: number[]) => void): void => {
    ensureBytes(ATTENTION_SCRATCH + (isLarge ? 0 : needs(entries)));
    const start = isLarge ? roomBehindScratch(needs(entries)) : ATTENTION_SCRATCH;
    const scratchFor = ({ x }: Passage): TypedArray =>
      x.dtype === 'bool' ? u8 : x.dtype === 'float32' ? f32 : f64;
    for (let first = 0; first < sizes.batch; first += entries) {
      const count = Math.min(entries, sizes.batch - first);
      let end = start;
      const places = new Map<Strided, number>();
      for (const passage of all) {
        const scratch = scratchFor(passage);
        places.set(passage.x, end);
        if (!results.includes(passage.x))
          passage.bring(first, count, scratch, end / scratch.BYTES_PER_ELEMENT);
        end += bytesOf(passage, count);
      }
      const placed = each(operands, gradients, (x) =>
        (passages.get(x) ?? passageOf(x)).stack(places.get(x) ?? 0, count),
      );
      call(plan.args(count * sizes.heads, placed, hasBools(operands)));
      for (const x of results) {
        const scratch = x.dtype === 'float32' ? f32 : f64;
        const each = x.count / sizes.batch;
        const at = (places.get(x) ?? 0) / scratch.BYTES_PER_ELEMENT;
        copyRun(scratch, at, count * each, x.storage.array, x.offset + first * each);
      }
    }
  };
  const { kernel, types, rows } = plan;
  const copied = all.reduce((sum, { x }) => sum + x.count, 0);
  const mayShare = !isLarge && work >= worthThreads;
  if (
    !mayShare ||
    !onThreads(work, copied, (byRows) => chunks((args) => byRows({ kernel, types }, args, rows)))
  )
    chunks((args) => kernel(...args));
}

/** Takes the same down. */
function record(
  into: Recorder,
  name: string,
  sizes: AttentionSizes,
  operands: AttentionOperands,
  gradients: AttentionGradients | null,
  plan: AttentionPlan,
): void {
  const arrays = new Map<Strided, TypedArray>();
  const stacks = new Map<Strided, Stack<Address>>();
  // One tensor may be several operands.
  const lay = (x: Strided): Stack<Address> => {
    const stack = stacks.get(x) ?? laidOut(x);
    stacks.set(x, stack);
    return stack;
  };
  const laidOut = (x: Strided): Stack<Address> => {
    const { array } = x.storage;
    const { BYTES_PER_ELEMENT: bytes } = array;
    if (hasRows(x)) {
      arrays.set(x, array);
      return stackOf(into.address(array, x.offset), x.shape, x.strides, bytes);
    }
    const rows = into.elements(x);
    const [, heads = 1, length = 1, size = 1] = x.shape;
    arrays.set(x, rows);
    return stackOf(into.address(rows), x.shape, [heads * length * size, length * size, size], bytes);
  };
  const placed = each(operands, gradients, lay);
  const results =
    gradients === null ? [operands.out, operands.statistics] : [gradients.dq, gradients.dk, gradients.dv];
  const { kernel, types, rows } = plan;
  const of = (isResult: boolean): TypedArray[] =>
    [...arrays].flatMap(([x, array]) => (results.includes(x) === isResult ? [array] : []));
  into.call(name, kernel, types, plan.args(sizes.batch * sizes.heads, placed, hasBools(operands)), {
    reads: of(false),
    writes: of(true),
    rows,
  });
}
