import { range } from '../wasm/index.ts';
import { emitStore, shiftOf } from './access.ts';
import { LoopEmitter, type Result } from './loops.ts';
import { perCall, perRow } from './lower.ts';

/** Element types of which a lane's vector is stored as it is. */
const asItIs = { f32: 'float32', f64: 'float64', i32: 'int32' } as const;

/**
 * Of fewer elements each vector is stored before the next is worked out, so that V8 joins none: what was stored a
 * moment ago as two of 128 bits is slow to load as one of 256, and to leave the upper halves of registers in use costs
 * what all of a small program takes.
 */
const leastTogether = 4096;

/** An iteration space that is known as the kernel is written. */
export interface FixedSizes {
  readonly outer: number;
  readonly inner: number;
  /** Byte offset of 32 bytes that may be overwritten, after what {@link Part.scratch} says where there is a part. */
  readonly spare: number;
  /** Of more rows than one: those to do. By default all. */
  readonly part?: Part;
}

/** Some of the rows, as locals say. */
interface Part {
  readonly first: number;
  readonly end: number;
  readonly scratch: number;
}

/** The first `rest` elements of a vector, and where they can be put together. */
interface Cut {
  readonly rest: number;
  readonly spare: number;
  readonly scratch: number | undefined;
}

/**
 * Loops over sizes that are known: what is small is written out, and not one byte past the end of a result is written,
 * so that results may lie wherever the memory of a program has room for them. Operands may be results, element for
 * element.
 */
export class FixedLoops extends LoopEmitter {
  emitFixed(sizes: FixedSizes): void {
    const { outer, inner, part } = sizes;
    if (this.callsForAll) this.settle();
    if (outer === 1 && part === undefined) {
      this.hoist(perCall);
      this.hoist(perRow);
      this.emitRow(sizes);
      return;
    }
    this.eachRow(sizes, () => {
      this.emitStretch(sizes, inner);
      this.goOn(inner);
    });
  }

  /** Runs `body` for each row, or for those of the part. */
  protected eachRow({ outer, inner, part }: FixedSizes, body: () => void): void {
    const { f, row } = this;
    this.hoist(perCall);
    if (part !== undefined) f.get(part.first).tee(row).i32Const(inner).op('i32.mul').set(this.start);
    const rows = f.loop();
    this.hoist(perRow);
    for (const local of this.rowPosition.values()) f.i32Const(0).set(local);
    body();
    f.get(row).i32Const(1).op('i32.add').tee(row);
    if (part === undefined) f.i32Const(outer);
    else f.get(part.end);
    f.op('i32.lt_s').brIf(rows);
    f.end();
  }

  /** The next so many elements of a row. */
  protected emitStretch(sizes: FixedSizes, elements: number): void {
    this.beginStretch();
    this.emitRow({ ...sizes, inner: elements });
  }

  protected beginStretch(): void {
    const { f, start } = this;
    for (const [shift, local] of this.densePosition) f.get(start).i32Const(shift).op('i32.shl').set(local);
  }

  /** What is next begins so many elements further. */
  protected goOn(elements: number): void {
    this.f.get(this.start).i32Const(elements).op('i32.add').set(this.start);
  }

  private emitRow({ outer, inner, spare, part }: FixedSizes): void {
    const { f, lanes } = this;
    const whole = Math.floor(inner / lanes);
    const rest = inner % lanes;
    const unroll = this.unrolling();
    const rounds = whole <= 2 * unroll ? 0 : Math.floor(whole / unroll);
    const together = outer * inner < leastTogether ? 1 : unroll;
    const eachPart = (copies: readonly number[]): void => {
      for (let i = 0; i < copies.length; i += together) this.emitVectors(copies.slice(i, i + together));
    };
    if (rounds > 0) {
      const left = f.local('i32');
      f.i32Const(rounds).set(left);
      const loop = f.loop();
      eachPart(range(unroll));
      this.advance(unroll);
      f.get(left).i32Const(1).op('i32.sub').tee(left).brIf(loop);
      f.end();
    }
    const left = range(whole - rounds * unroll);
    eachPart(left);
    if (rest > 0) {
      const cut = { rest, spare, scratch: part?.scratch };
      this.emitVectors([left.length], (result) => this.storeCut(result, cut));
    }
  }

  /** Stores the first `rest` elements of a vector. */
  private storeCut(
    { node: { kind }, stored, push, address, at }: Result,
    { rest, spare, scratch }: Cut,
  ): void {
    const { f, spec } = this;
    if (kind === 'value' && stored === asItIs[spec.lane]) {
      push();
      f.set(this.spare);
      if (stored === 'float64') {
        f.get(address).get(this.spare).accessLane('v128.store64_lane', 0, at);
        return;
      }
      if (rest >= 2) f.get(address).get(this.spare).accessLane('v128.store64_lane', 0, at);
      if (rest !== 2)
        f.get(address)
          .get(this.spare)
          .accessLane('v128.store32_lane', rest - 1, at + 4 * (rest - 1));
      return;
    }
    let zero = scratch;
    if (zero === undefined) {
      zero = f.local('i32');
      f.i32Const(0).set(zero);
    }
    f.get(zero);
    push();
    emitStore(f, spec.lane, kind, stored, spare, zero, this.spare);
    const bytes = rest << shiftOf[stored];
    for (let done = 0; done < bytes; ) {
      f.get(address).get(zero);
      if (bytes - done >= 8) {
        f.load('i64.load', spare + done).store('i64.store', at + done);
        done += 8;
      } else if (bytes - done >= 4) {
        f.load('i32.load', spare + done).store('i32.store', at + done);
        done += 4;
      } else {
        f.load('i32.load8_u', spare + done).store('i32.store8', at + done);
        done += 1;
      }
    }
  }
}
