import { KindlingError } from '../../errors.ts';
import { boundsBy, isByte, ofByte } from '../expression/ranges.ts';
import { int32Of, isSelection, selectionOf, stackOrder } from './instructions.ts';
import { LoopEmitter, type Result } from './loops.ts';
import type { Node, Program } from './lower.ts';
import { inputAt, type KernelSpec, type OutputSpec } from './spec.ts';

/** Instructions for bytes, of what has no case of its own. */
const instructions = {
  add: 'i8x16.add',
  iadd: 'i8x16.add',
  sub: 'i8x16.sub',
  isub: 'i8x16.sub',
  neg: 'i8x16.neg',
  min: 'i8x16.min_u',
  pmin: 'i8x16.min_u',
  max: 'i8x16.max_u',
  pmax: 'i8x16.max_u',
  lt: 'i8x16.lt_u',
  ilt: 'i8x16.lt_u',
  le: 'i8x16.le_u',
  gt: 'i8x16.gt_u',
  ge: 'i8x16.ge_u',
  eq: 'i8x16.eq',
  ieq: 'i8x16.eq',
  ne: 'i8x16.ne',
  ine: 'i8x16.ne',
  and: 'v128.and',
  iand: 'v128.and',
  or: 'v128.or',
  ior: 'v128.or',
  xor: 'v128.xor',
  ixor: 'v128.xor',
  not: 'v128.not',
  inot: 'v128.not',
} as const;
const instructionOf = (op: string): (typeof instructions)[keyof typeof instructions] | undefined =>
  Object.hasOwn(instructions, op) ? instructions[op as keyof typeof instructions] : undefined;

/** What does nothing to integers. */
const nothings: ReadonlySet<string> = new Set([
  ...['floor', 'ceil', 'trunc', 'nearest', 'bitsOf', 'fromBits', 'truncToInt', 'toFloat', 'maskBits'],
]);
/** Of which the lowest byte depends on nothing but the lowest bytes of operands. */
const wrapping: ReadonlySet<string> = new Set([
  ...['add', 'iadd', 'sub', 'isub', 'neg', 'mul', 'imul', 'iand', 'ior', 'ixor', 'inot'],
]);
const choosing: ReadonlySet<string> = new Set([...nothings, 'select', 'iselect']);

/**
 * Whether a kernel in lanes of int32, of which all operands and results are bytes, can be computed on bytes: what looks
 * at a number as a whole looks at one that is a byte, and of all others only the lowest byte is wanted.
 */
export function suitsBytes({ lane, inputs, outputs }: KernelSpec, program: Program<OutputSpec>): boolean {
  const isStored = ({ stored }: { readonly stored: string }): boolean =>
    stored === 'uint8' || stored === 'bool';
  if (lane !== 'i32' || !inputs.every(isStored) || !outputs.every(isStored)) return false;
  const rangeOf = boundsBy(ofByte, [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  const seen = new Map<Node, boolean>();
  const suits = (x: Node, whole: boolean): boolean => {
    const before = seen.get(x);
    if (before === true || before === whole) return true;
    seen.set(x, whole);
    if (whole && x.kind !== 'mask' && !isByte(rangeOf(x))) return false;
    if (x.op === 'input' || x.op === 'param' || x.op === 'constant' || x.op === 'intConstant') return true;
    if (choosing.has(x.op)) return (x.args as readonly Node[]).every((arg) => suits(arg, whole));
    if (wrapping.has(x.op)) return (x.args as readonly Node[]).every((arg) => suits(arg, false));
    return instructionOf(x.op) !== undefined && (x.args as readonly Node[]).every((arg) => suits(arg, true));
  };
  return program.outputs.every(({ node, stored }) => suits(node, stored === 'bool'));
}

/** The loops of a kernel that {@link suitsBytes}: sixteen elements a vector, instead of four widened ones. */
export class ByteLoops extends LoopEmitter {
  protected override get lanes(): number {
    return 16;
  }

  protected override splatParam(): void {
    this.f.op('i32.trunc_sat_f64_s').op('i8x16.splat');
  }

  protected override splatConstant(node: Node): void {
    this.f.i32Splat(Math.imul(int32Of(node) & 255, 0x0101_0101));
  }

  protected override computeOf(node: Node): void {
    if (node.op === 'mul' || node.op === 'imul') {
      this.multiply(node);
      return;
    }
    for (const operand of stackOrder(node)) this.push(operand);
    if (nothings.has(node.op)) return;
    const instruction = isSelection(node) ? selectionOf(node) : instructionOf(node.op);
    if (instruction === undefined) throw new KindlingError(`${node.op}: not defined on bytes`);
    this.f.op(instruction);
  }

  /** Bytes have no product: those at even and at odd places are multiplied as words. */
  private multiply({ args }: Node): void {
    const { f } = this;
    const [a, b] = [f.local('v128'), f.local('v128')];
    for (const [i, local] of [a, b].entries()) {
      this.push(args[i] as Node);
      f.set(local);
    }
    f.get(a).get(b).op('i16x8.mul').i32Splat(0x00ff_00ff).op('v128.and');
    for (const local of [a, b]) f.get(local).i32Const(8).op('i16x8.shr_u');
    f.op('i16x8.mul').i32Const(8).op('i16x8.shl').op('v128.or');
  }

  protected override loadInput(index: number): void {
    const { f } = this;
    const { stored, mode, base, shift } = inputAt(this.spec, index);
    if (mode === 'dense' || mode === 'row') {
      const positions = mode === 'dense' ? this.densePosition : this.rowPosition;
      f.get(this.shifted(this.position(positions, stored), shift)).load(
        'v128.load',
        base + this.displacement(stored),
      );
      return;
    }
    this.pushShift(shift);
    if (mode === 'column') f.get(this.row).op('i32.add');
    f.load('i32.load8_u', base).op('i8x16.splat');
  }

  protected override store({ node, stored, address, at, push }: Result): void {
    const { f } = this;
    f.get(address);
    push();
    if (node.kind !== 'mask' && stored === 'bool') f.i32Splat(0).op('i8x16.ne');
    if (node.kind === 'mask' || stored === 'bool') f.i32Splat(0x0101_0101).op('v128.and');
    f.store('v128.store', at);
  }
}
