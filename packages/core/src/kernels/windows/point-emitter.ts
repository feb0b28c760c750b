import { bytesOf, type DType } from '../../dtype.ts';
import { is, plus, times } from '../wasm/formulas.ts';
import { type FloatLane, type FunctionBuilder, range } from '../wasm/index.ts';

/** Writes what the kernels of taps.ts do with one point, or with as many as a vector has lanes. */
export class PointEmitter {
  readonly points: number;
  private readonly f: FunctionBuilder;
  private readonly lane: FloatLane;
  private readonly bytes: number;
  private readonly at: number;
  private readonly elements: number;
  private readonly vectors: Readonly<Record<'places' | 'inside' | 'sizes', number>>;

  constructor(f: FunctionBuilder, dtype: DType, points: number) {
    this.f = f;
    this.points = points;
    this.lane = dtype === 'float32' ? 'f32' : 'f64';
    this.bytes = bytesOf(dtype);
    this.at = f.local('i32');
    this.elements = f.local(points === 1 ? this.lane : 'v128');
    this.vectors = f.locals('v128', 'places', 'inside', 'sizes');
  }

  /** Before all loops. */
  begin(size: number): void {
    if (this.points > 1) this.f.get(size).op('i32x4.splat').set(this.vectors.sizes);
  }

  /** The elements of a plane at the next places, 0 for those outside. */
  take(x: number, index: number, size: number): void {
    const { f, lane, bytes, at, elements, points } = this;
    const { places, inside, sizes } = this.vectors;
    if (points === 1) {
      this.push(0).set(elements);
      this.ifInside(x, index, size, () => f.get(at).load(`${lane}.load`).set(elements));
      return;
    }
    f.get(index)
      .load(lane === 'f32' ? 'v128.load' : 'v128.load64_zero')
      .tee(places);
    f.i32Splat(-1).op('i32x4.gt_s').get(places).get(sizes).op('i32x4.lt_s').op('v128.and').tee(inside);
    f.get(places).op('v128.and').set(places);
    for (const l of range(points)) {
      f.get(x).get(places).lane('i32x4.extract_lane', l).i32Const(bytes).op('i32.mul').op('i32.add');
      f.get(elements)
        .accessLane(lane === 'f32' ? 'v128.load32_lane' : 'v128.load64_lane', l)
        .set(elements);
    }
    f.get(elements).get(inside);
    if (lane === 'f64') f.op('i64x2.extend_low_i32x4_s');
    f.op('v128.and').set(elements);
  }

  /** Adds the elements times factors to sums; the first ones, where `before` is 0, to what changes no bit of them. */
  add(sums: number, factors: number, before: number | null): void {
    const { f } = this;
    f.get(sums);
    this.load(factors);
    f.get(this.elements);
    this.op('mul');
    this.load(sums);
    if (before !== null) {
      this.push(-0);
      f.get(before).op('select');
    }
    this.op('add');
    this.store();
  }

  /** Adds a product to the element at the next place, if that is in the plane. */
  spread(
    x: number,
    { index, weights, y }: Readonly<Record<'index' | 'weights' | 'y', number>>,
    size: number,
  ): void {
    this.ifInside(x, index, size, () => {
      this.f.get(this.at);
      this.load(y);
      this.load(weights);
      this.op('mul');
      this.load(this.at);
      this.op('add');
      this.store();
    });
  }

  private ifInside(x: number, index: number, size: number, then: () => void): void {
    const { f, at, bytes } = this;
    f.get(index).load('i32.load').tee(at).get(size).op('i32.lt_u').if();
    f.put(at, plus(x, times(at, is(bytes))));
    then();
    f.end();
  }

  private push(value: number): FunctionBuilder {
    const { f, lane, points } = this;
    if (points > 1) return f.splat(lane, value);
    return lane === 'f32' ? f.f32Const(value) : f.f64Const(value);
  }

  private load(address: number): void {
    this.f.get(address).load(this.points > 1 ? 'v128.load' : `${this.lane}.load`);
  }

  private store(): void {
    this.f.store(this.points > 1 ? 'v128.store' : `${this.lane}.store`);
  }

  private op(name: 'add' | 'mul'): void {
    if (this.points === 1) this.f.op(`${this.lane}.${name}`);
    else this.f.op(this.lane === 'f32' ? `f32x4.${name}` : `f64x2.${name}`);
  }
}
