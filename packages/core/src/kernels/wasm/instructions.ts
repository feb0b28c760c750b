/** The body of one WebAssembly function, instruction by instruction. */

import {
  type FloatLane,
  VALUE_TYPES,
  type ValueType,
  writeBytes,
  writeSigned,
  writeUnsigned,
} from './encoding.ts';
import {
  accessOpcodes,
  type LaneAccessOp,
  type LaneOp,
  type LoadOp,
  laneOpcodes,
  type PlainOp,
  plainOpcodes,
  type StoreOp,
} from './opcodes.ts';

const EMPTY_BLOCK = 0x40;

/** A place to branch to: what `block`, `loop` and `if` return. */
export type Label = number & { readonly __label: true };

const doubleBytes = (value: number): Uint8Array => new Uint8Array(new Float64Array([value]).buffer);

/** What emits instructions. Every method returns the builder, save those that make a local or a label. */
export class Instructions {
  private readonly code: number[] = [];
  private readonly localTypes: ValueType[] = [];
  private readonly paramCount: number;
  private depth = 0;
  private readonly prologue: number[] = [];
  private readonly constants = new Map<string, number>();
  private passing: number[] | undefined;

  constructor(params: readonly ValueType[]) {
    this.paramCount = params.length;
  }

  /** Declares a local, initially zero, and returns its index. Parameters come first, from index 0. */
  local(type: ValueType): number {
    const index = this.newLocal(type);
    if (type === 'v128') this.passing?.push(index);
    return index;
  }

  private newLocal(type: ValueType): number {
    this.localTypes.push(type);
    return this.paramCount + this.localTypes.length - 1;
  }

  /**
   * Emits `body`, and at its end zeros in the vectors that it declared: within a loop, V8 takes each local for one that
   * the next round may read, and joins no operations on what is read later.
   */
  passingVectors(body: () => void): this {
    const outer = this.passing;
    const passing: number[] = [];
    this.passing = passing;
    body();
    this.passing = outer;
    if (this.depth > 0) for (const index of passing) this.i32Splat(0).set(index);
    return this;
  }

  /** Pushes a local. */
  get(index: number): this {
    return this.immediate(0x20, index);
  }

  /** Pops into a local. */
  set(index: number): this {
    return this.immediate(0x21, index);
  }

  /** Stores the top of the stack in a local, and leaves it there. */
  tee(index: number): this {
    return this.immediate(0x22, index);
  }

  /** An instruction without immediates. */
  op(name: PlainOp): this {
    const code = plainOpcodes.get(name);
    if (code === undefined) throw new Error(`assembler: unknown instruction ${name}`);
    return this.opcode(code);
  }

  /** A load: pops the address. */
  load(name: LoadOp, offset = 0): this {
    return this.access(name, offset);
  }

  /** A store: pops the value, then the address. */
  store(name: StoreOp, offset = 0): this {
    return this.access(name, offset);
  }

  /** Loads or stores one lane: pops the vector, then the address; a load pushes the vector with the lane replaced. */
  accessLane(name: LaneAccessOp, lane: number, offset = 0): this {
    this.access(name, offset);
    this.code.push(lane);
    return this;
  }

  /** `extract_lane` and `replace_lane`. */
  lane(name: LaneOp, index: number): this {
    this.opcode(laneOpcodes[name]);
    this.code.push(index);
    return this;
  }

  /** `i8x16.shuffle`: each of the 16 numbers names a byte of the first vector (0-15) or of the second (16-31). */
  shuffle(bytes: ArrayLike<number>): this {
    if (bytes.length !== 16) throw new Error(`assembler: shuffle takes 16 byte indices, got ${bytes.length}`);
    this.opcode(0xfd_000d);
    writeBytes(this.code, bytes);
    return this;
  }

  /** Shuffle of 32-bit lanes: 0-3 name the first vector's lanes, 4-7 the second's. */
  shuffle32(a: number, b: number, c: number, d: number): this {
    return this.shuffle([a, b, c, d].flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)));
  }

  /** Shuffle of 64-bit lanes: 0-1 name the first vector's lanes, 2-3 the second's. */
  shuffle64(a: number, b: number): this {
    return this.shuffle32(2 * a, 2 * a + 1, 2 * b, 2 * b + 1);
  }

  /** Pushes a constant, as do the following. */
  i32Const(value: number): this {
    this.code.push(0x41);
    writeSigned(this.code, value);
    return this;
  }

  f32Const(value: number): this {
    this.code.push(0x43);
    writeBytes(this.code, new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  f64Const(value: number): this {
    this.code.push(0x44);
    writeBytes(this.code, doubleBytes(value));
    return this;
  }

  /**
   * Pushes a vector constant of these 16 bytes. Within a block it is a local that is set once, at the function's entry:
   * newer V8s do not move constants out of loops.
   */
  v128Const(bytes: ArrayLike<number>): this {
    if (bytes.length !== 16) throw new Error(`assembler: v128.const takes 16 bytes, got ${bytes.length}`);
    if (this.depth > 0) return this.get(this.constant(bytes));
    this.opcode(0xfd_000c);
    writeBytes(this.code, bytes);
    return this;
  }

  /** A vector constant with the same 32-bit float in each lane. */
  f32Splat(value: number): this {
    return this.v128Const(new Uint8Array(new Float32Array(4).fill(value).buffer));
  }

  /** The same of 64-bit floats. */
  f64Splat(value: number): this {
    return this.v128Const(new Uint8Array(new Float64Array(2).fill(value).buffer));
  }

  /** The same of 32-bit integers. */
  i32Splat(value: number): this {
    return this.v128Const(new Uint8Array(new Int32Array(4).fill(value).buffer));
  }

  /** The same of 64-bit integers. */
  i64Splat(value: bigint): this {
    return this.v128Const(new Uint8Array(new BigInt64Array(2).fill(BigInt.asIntN(64, value)).buffer));
  }

  /** A vector constant with the same number in each lane of this type. */
  splat(lane: FloatLane | 'i32', value: number): this {
    if (lane === 'i32') return this.i32Splat(value);
    return lane === 'f32' ? this.f32Splat(value) : this.f64Splat(value);
  }

  /** Pops a float64, pushes it in every lane, rounded to the lane's type. */
  splatF64(lane: FloatLane | 'i32'): this {
    if (lane === 'f64') return this.op('f64x2.splat');
    if (lane === 'f32') return this.op('f32.demote_f64').op('f32x4.splat');
    return this.op('i32.trunc_sat_f64_s').op('i32x4.splat');
  }

  /** Opens a block; a branch to its label leaves it. */
  block(): Label {
    return this.open(0x02);
  }

  /** Opens a loop; a branch to its label starts the next round. Without one, control falls out at `end`. */
  loop(): Label {
    return this.open(0x03);
  }

  /** Pops an i32 and opens the branch taken when it is not zero. */
  if(): Label {
    return this.open(0x04);
  }

  /** Begins the branch of an `if` that is taken when the number is zero. */
  else(): this {
    this.code.push(0x05);
    return this;
  }

  /**
   * Closes the innermost block, loop or `if`.
   * @throws Error when there is none.
   */
  end(): this {
    if (this.depth === 0) throw new Error('assembler: end without a block, loop or if');
    this.depth--;
    this.code.push(0x0b);
    return this;
  }

  /** Pops an i32, and branches to a label unless it is zero. */
  brIf(label: Label): this {
    return this.immediate(0x0d, this.depth - label);
  }

  /** Calls the function of this index, as `importFunction` and `addFunction` return it. */
  call(index: number): this {
    return this.immediate(0x10, index);
  }

  /** Pops size, source and destination, which may overlap. */
  memoryCopy(): this {
    this.code.push(0xfc, 10, 0, 0);
    return this;
  }

  /** Leaves the function with what is on the stack. */
  return(): this {
    this.code.push(0x0f);
    return this;
  }

  /** Pops size, byte value and destination. */
  memoryFill(): this {
    this.code.push(0xfc, 11, 0);
    return this;
  }

  /** The encoded body: local declarations, instructions, end. */
  encode(): number[] {
    if (this.depth !== 0)
      throw new Error(`assembler: ${this.depth} block(s) left open at the function's end`);
    const runs: [ValueType, number][] = [];
    for (const type of this.localTypes) {
      const last = runs[runs.length - 1];
      if (last !== undefined && last[0] === type) last[1]++;
      else runs.push([type, 1]);
    }
    const out: number[] = [];
    writeUnsigned(out, runs.length);
    for (const [type, count] of runs) {
      writeUnsigned(out, count);
      out.push(VALUE_TYPES[type]);
    }
    writeBytes(out, this.prologue);
    writeBytes(out, this.code);
    out.push(0x0b);
    return out;
  }

  /** The local that holds a vector constant. */
  private constant(bytes: ArrayLike<number>): number {
    const key = Array.from(bytes).join();
    let local = this.constants.get(key);
    if (local === undefined) {
      local = this.newLocal('v128');
      this.constants.set(key, local);
      this.prologue.push(0xfd, 0x0c);
      writeBytes(this.prologue, bytes);
      this.prologue.push(0x21);
      writeUnsigned(this.prologue, local);
    }
    return local;
  }

  private opcode(code: number): this {
    const prefix = code >>> 16;
    if (prefix === 0) {
      this.code.push(code);
    } else {
      this.code.push(prefix);
      writeUnsigned(this.code, code & 0xffff);
    }
    return this;
  }

  private immediate(code: number, value: number): this {
    this.code.push(code);
    writeUnsigned(this.code, value);
    return this;
  }

  private access(name: LoadOp | StoreOp | LaneAccessOp, offset: number): this {
    const [code, alignment] = accessOpcodes[name];
    this.opcode(code);
    this.code.push(alignment);
    writeUnsigned(this.code, offset);
    return this;
  }

  private open(code: number): Label {
    this.code.push(code, EMPTY_BLOCK);
    return ++this.depth as Label;
  }
}
