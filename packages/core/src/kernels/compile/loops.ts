import { KindlingError } from '../../errors.ts';
import { type FunctionBuilder, range, SETTLE } from '../wasm/index.ts';
import { emitSplatLoad, emitStore, emitVectorLoad, type Stored, shiftOf } from './access.ts';
import {
  emitConstant,
  emitIntegerDivision,
  emitPlain,
  emitScalarCall,
  emitScalarCallWhere,
  emitWholeDivision,
  type IntegerScratch,
  lanesOf,
  stackOrder,
} from './instructions.ts';
import { type Level, type Node, type Program, perCall, perElement, perRow } from './lower.ts';
import { inputAt, type KernelSpec, type OutputSpec } from './spec.ts';

/** The parameters of a kernel's function; the last two are those of one that does some rows. */
const OUTER = 0;
const INNER = 1;
const START = 2;
const ROW = 3;

/** A vector of a result, which `push` pushes, and where it belongs: so many bytes from an address. */
export interface Result {
  readonly node: Node;
  readonly stored: Stored;
  readonly address: number;
  readonly at: number;
  push(): void;
}

/** Writes the loops of one kernel: rows outside, vectors of elements inside, the cheap expressions unrolled. */
export class LoopEmitter {
  protected readonly f: FunctionBuilder;
  protected readonly spec: KernelSpec;
  protected readonly program: Program<OutputSpec>;
  protected readonly callees: ReadonlyMap<string, number>;
  protected readonly spare: number;
  /** Byte offsets into dense operands and into row operands, by element size (as a shift). */
  protected readonly densePosition = new Map<number, number>();
  protected readonly rowPosition = new Map<number, number>();
  protected readonly row: number;
  /** The element that a row begins with. */
  protected readonly start: number;
  private readonly ranged: boolean;
  protected readonly locals = new Map<Node, number>();
  protected readonly addresses = new Map<string, number>();
  protected readonly ready = new Set<Node>();
  protected integers: IntegerScratch | undefined;
  /** While values are made without calls: the masks of the elements that need one. */
  private needCalls: number[] | null = null;
  /** Which of the unrolled copies is being written. */
  protected copy = 0;

  constructor(
    f: FunctionBuilder,
    spec: KernelSpec,
    program: Program<OutputSpec>,
    callees: ReadonlyMap<string, number>,
    ranged = false,
  ) {
    this.f = f;
    this.spec = spec;
    this.program = program;
    this.callees = callees;
    this.row = ranged ? ROW : f.local('i32');
    this.start = ranged ? START : f.local('i32');
    this.ranged = ranged;
    for (const { stored } of spec.outputs) this.position(this.densePosition, stored);
    for (const { stored, mode } of spec.inputs) {
      if (mode === 'dense') this.position(this.densePosition, stored);
      else if (mode === 'row') this.position(this.rowPosition, stored);
    }
    this.spare = f.local('v128');
  }

  /** Elements of a vector. */
  protected get lanes(): number {
    return lanesOf[this.spec.lane];
  }

  emit(): void {
    const { f, lanes, start } = this;
    const left = f.local('i32');
    const unroll = this.unrolling();

    if (this.callsForAll) this.settle();
    // From how many rows to the number of the one after the last.
    if (this.ranged) f.get(OUTER).get(ROW).op('i32.add').set(OUTER);
    this.hoist(perCall);
    const rows = f.loop();
    this.hoist(perRow);
    f.get(INNER).set(left);
    for (const [shift, local] of this.densePosition) f.get(start).i32Const(shift).op('i32.shl').set(local);
    for (const local of this.rowPosition.values()) f.i32Const(0).set(local);
    if (unroll > 1) this.emitLoop(left, unroll, unroll * lanes);
    this.emitLoop(left, 1, 1);
    f.get(start).get(INNER).op('i32.add').set(start);
    f.get(this.row).i32Const(1).op('i32.add').tee(this.row).get(OUTER).op('i32.lt_s').brIf(rows);
    f.end();
  }

  /** How many vectors a round of the innermost loop takes. */
  protected unrolling(): number {
    // One has no neighbour: what calls JavaScript keeps to narrow vectors.
    if (this.callsForAll) return 1;
    const work = this.program.nodes.filter((node) => node.level === perElement && node.op !== 'input').length;
    return work <= 6 ? 4 : 2;
  }

  /** Whether JavaScript is called for each element. */
  protected get callsForAll(): boolean {
    return this.program.nodes.some(({ op, level }) => op === 'scalarCall' && level === perElement);
  }

  /** What comes before calls of JavaScript where kernels use wide vectors. */
  protected settle(): void {
    const callee = this.callees.get(SETTLE);
    if (callee !== undefined) this.f.call(callee);
  }

  /** What is known of the elements before does not hold for the next. */
  protected forgetElements(): void {
    for (const node of this.ready)
      if (node.level === perElement) {
        this.ready.delete(node);
        this.locals.delete(node);
      }
  }

  /** Moves on by so many vectors. */
  protected advance(copies: number): void {
    const { f, lanes } = this;
    for (const positions of [this.densePosition, this.rowPosition]) {
      for (const [shift, local] of positions) {
        f.get(local)
          .i32Const((copies * lanes) << shift)
          .op('i32.add')
          .set(local);
      }
    }
  }

  /** While at least `least` elements of the row are left: one round of `copies` vectors. */
  protected emitLoop(left: number, copies: number, least: number): void {
    const { f, lanes } = this;
    f.get(left).i32Const(least).op('i32.ge_s').if();
    const loop = f.loop();
    this.emitVectors(range(copies));
    this.advance(copies);
    f.get(left)
      .i32Const(copies * lanes)
      .op('i32.sub')
      .tee(left);
    f.i32Const(least).op('i32.ge_s').brIf(loop);
    f.end().end();
  }

  /**
   * Some vectors of a row, by number: first all values, then all stores, of one result after the other, as by
   * `storeVectors`: so a result may lie over the operand of another, and V8 finds no store between neighbours. Where
   * few elements need a call of JavaScript, values are made without it, and again if one of these vectors needs it.
   */
  protected emitVectors(copies: readonly number[], store = (result: Result) => this.store(result)): void {
    const { f } = this;
    this.addresses.clear();
    const addresses = this.program.outputs.map(({ stored, shift }) =>
      this.shifted(this.position(this.densePosition, stored), shift),
    );
    const storeAll = (values: readonly (readonly number[])[]): void => {
      for (const [k, { node, stored, base }] of this.program.outputs.entries())
        for (const [i, copy] of [...copies.entries()].toReversed()) {
          this.copy = copy;
          const at = base + this.displacement(stored);
          const push = (): void => void f.get(values[i]?.[k] ?? 0);
          store({ node, stored, address: addresses[k] ?? 0, at, push });
        }
    };
    f.passingVectors(() => {
      const needCalls: number[] = [];
      this.needCalls = needCalls;
      const values = this.valuesOf(copies);
      this.needCalls = null;
      needCalls.forEach((mask, i) => {
        f.get(mask);
        if (i > 0) f.op('v128.or');
      });
      if (needCalls.length > 0) {
        f.op('v128.any_true').if();
        storeAll(this.valuesOf(copies));
        f.else();
      }
      storeAll(values);
      if (needCalls.length > 0) f.end();
    });
  }

  /** Locals with the values of some vectors, for each result. */
  private valuesOf(copies: readonly number[]): number[][] {
    const { f } = this;
    return copies.map((copy) => {
      this.copy = copy;
      this.forgetElements();
      return this.program.outputs.map(({ node }) => {
        const local = f.local('v128');
        this.push(node);
        f.set(local);
        return local;
      });
    });
  }

  protected store({ node, stored, address, at, push }: Result): void {
    this.f.get(address);
    push();
    emitStore(this.f, this.spec.lane, node.kind, stored, at, address, this.spare);
  }

  /** Computes, before the loops of the higher levels, what they need of this one. */
  protected hoist(level: Level): void {
    for (const node of this.ready) if (node.level === level) this.ready.delete(node);
    if (this.program.nodes.some((node) => node.level === level && isCall(node))) this.settle();
    for (const node of this.program.nodes) {
      if (node.level === level && node.keep) {
        this.push(node);
        this.f.op('drop');
      }
    }
  }

  /** Pushes a node's value, from its local where it has been computed. */
  protected push(node: Node): void {
    if (this.ready.has(node)) {
      this.f.get(this.localOf(node));
      return;
    }
    this.compute(node);
    if (node.keep) {
      this.f.tee(this.localOf(node));
      this.ready.add(node);
    }
  }

  private compute(node: Node): void {
    const { f, spec } = this;
    switch (node.op) {
      case 'input':
        this.loadInput(node.attribute);
        return;
      case 'param':
        this.pushShift(spec.paramsShift);
        f.load('f64.load', spec.params + 8 * node.attribute);
        this.splatParam();
        return;
      case 'constant':
      case 'intConstant':
        this.splatConstant(node);
        return;
      default:
        this.computeOf(node);
    }
  }

  /** The lanes of a number that is on the stack as a float64. */
  protected splatParam(): void {
    this.f.splatF64(this.spec.lane);
  }

  protected splatConstant(node: Node): void {
    emitConstant(this.f, node, this.spec.lane);
  }

  /** The value of what has operands. */
  protected computeOf(node: Node): void {
    const { f, spec } = this;
    switch (node.op) {
      case 'scalarCall':
        emitScalarCall(f, spec.lane, this.inLocals(node.args), this.callee(node.attribute));
        return;
      case 'scalarCallWhere': {
        const [mask, otherwise, ...operands] = node.args;
        if (this.needCalls !== null && node.level === perElement) {
          this.needCalls.push(this.inLocal(mask));
          this.push(otherwise);
          return;
        }
        const [inMask, inOtherwise] = [this.inLocal(mask), this.inLocal(otherwise)];
        const inOperands = this.inLocals(operands);
        f.get(inOtherwise).set(this.spare);
        // Each time, as V8 loads what is wide anew after a call.
        const settle = (): void => this.settle();
        emitScalarCallWhere(
          f,
          spec.lane,
          inMask,
          this.spare,
          inOperands,
          this.callee(node.attribute),
          settle,
        );
        return;
      }
      case 'idiv':
      case 'irem':
        if (spec.lane === 'f64') {
          emitWholeDivision(f, node.op, this.inLocals(node.args));
          return;
        }
        if (spec.lane !== 'i32') throw new KindlingError(`${node.op}: not defined in ${spec.lane} lanes`);
        this.integers ??= [f.local('i32'), f.local('i32'), f.local('i32')];
        emitIntegerDivision(f, node.op, this.inLocals(node.args), this.integers);
        return;
      default:
        for (const operand of stackOrder(node)) this.push(operand);
        emitPlain(f, node, spec.lane);
    }
  }

  protected callee(name: string): number {
    const index = this.callees.get(name);
    if (index === undefined) throw new KindlingError(`${this.spec.name}: ${name} was not imported`);
    return index;
  }

  protected loadInput(index: number): void {
    const { f, spec } = this;
    const { stored, mode, base, shift } = inputAt(spec, index);
    if (mode === 'dense' || mode === 'row') {
      const positions = mode === 'dense' ? this.densePosition : this.rowPosition;
      const address = this.shifted(this.position(positions, stored), shift);
      emitVectorLoad(f, spec.lane, stored, base + this.displacement(stored), address);
      return;
    }
    this.pushShift(shift);
    if (mode === 'column') f.get(this.row).i32Const(shiftOf[stored]).op('i32.shl').op('i32.add');
    emitSplatLoad(f, spec.lane, stored, base);
  }

  /** Pushes what the address of an operand begins with. */
  protected pushShift(shift: number | undefined): void {
    if (shift === undefined) this.f.i32Const(0);
    else this.f.get(shift);
  }

  /**
   * A local with an address in an operand, of which `address` has the position: one for all vectors of a round, as V8
   * takes for neighbours only what has the same local.
   */
  protected shifted(address: number, shift: number | undefined): number {
    if (shift === undefined) return address;
    const key = `${address} ${shift}`;
    let sum = this.addresses.get(key);
    if (sum === undefined) {
      sum = this.f.local('i32');
      this.addresses.set(key, sum);
      this.f.get(address).get(shift).op('i32.add').set(sum);
    }
    return sum;
  }

  protected displacement(stored: Stored): number {
    return (this.copy * this.lanes) << shiftOf[stored];
  }

  /** Locals that hold the nodes' values, computing what is not there yet. */
  protected inLocals(nodes: readonly Node[]): number[] {
    return nodes.map((node) => this.inLocal(node));
  }

  protected inLocal(node: Node): number {
    if (!this.ready.has(node)) {
      this.push(node);
      this.f.op('drop');
    }
    return this.localOf(node);
  }

  protected localOf(node: Node): number {
    let local = this.locals.get(node);
    if (local === undefined) {
      local = this.f.local('v128');
      this.locals.set(node, local);
    }
    return local;
  }

  protected position(positions: Map<number, number>, stored: Stored): number {
    const shift = shiftOf[stored];
    let local = positions.get(shift);
    if (local === undefined) {
      local = this.f.local('i32');
      positions.set(shift, local);
    }
    return local;
  }
}

/** Whether a node calls a function of JavaScript. */
export const isCall = ({ op }: Node): boolean => op === 'scalarCall' || op === 'scalarCallWhere';
