import { bytesOf, type DType, type TypedArray } from '../../../dtype.ts';
import { allocateArray } from '../../../storage.ts';
import { ElementwiseKernel, elementsOf, fillStrided, runElementwise } from '../../elementwise/index.ts';
import { add, div, eq, mul, ne, select, toNumber } from '../../expression/index.ts';
import { placeOf, recordCall, recorder } from '../../recording/index.ts';
import { type Strided, stridedOver } from '../../strided/index.ts';
import { i32Params, ModuleBuilder, memoized } from '../../wasm/index.ts';
import { as, readElements, writeElements } from '../moves.ts';
import { filled, recordAxes, recordPlaces } from '../positions.ts';

/*
 * The weights of classes that targets name. Where kernels are taken down each target names one, or the program gives
 * the word to the kernel.
 */

const orFirst = new ElementwiseKernel('class', 1, (t, ignored) => select(eq(t, ignored), 0, t));
const counted = new ElementwiseKernel('class_shares', 1, (t, ignored) => toNumber(ne(t, ignored)));
const weighed = new ElementwiseKernel('class_shares', 2, (t, w, ignored) => select(eq(t, ignored), 0, w));
const scaled = new ElementwiseKernel('class_factors', 1, (w, scale) => mul(w, scale));

/** Where in a list of so many classes each target leads, and what stands in the list there. */
function recordLookUp(index: TypedArray, weight: Strided): Strided {
  const positions = recordPlaces(index, { size: weight.count, stride: 1, negative: false }, 0);
  const values = allocateArray(weight.dtype, index.length);
  if (positions !== null) readElements(elementsOf(weight), positions, values, 0);
  return stridedOver(values, weight.dtype, [index.length]);
}

/** The weight of each target's class, or 1; 0 for those of `ignoreIndex`. */
export function classWeights(
  target: Strided,
  weight: Strided | null,
  ignoreIndex: number,
  out: Strided,
): void {
  if (recorder === null) {
    const weights = weight === null ? null : elementsOf(weight);
    const shares = elementsOf(out);
    elementsOf(target).forEach((t, i) => {
      shares[i] = t === ignoreIndex ? 0 : weights === null ? 1 : weights[t]!;
    });
  } else if (weight === null) runElementwise(counted, 'f64', [target], [ignoreIndex], out);
  else {
    const index = allocateArray('int32', target.count);
    runElementwise(orFirst, 'f64', [target], [ignoreIndex], stridedOver(index, 'int32', target.shape));
    const { storage, dtype } = recordLookUp(index, weight);
    const found = stridedOver(storage.array, dtype, target.shape);
    runElementwise(weighed, 'f64', [target, found], [ignoreIndex], out);
  }
}

/** How rows of factors are made. */
export interface ClassFactors {
  /** How many classes there are. */
  readonly classes: number;
  /** What each factor is multiplied by. */
  readonly scale: number;
}

/**
 * Makes a matrix with a row for each target, which holds `scale` times the weight of its class, or `scale`, and 0 at
 * the class itself. Gives the number of the first target that is no class, and -1 where all are.
 */
export function classFactors(
  target: Strided,
  weight: Strided | null,
  { classes, scale }: ClassFactors,
  out: Strided,
): number {
  const factors = elementsOf(out);
  const indices = elementsOf(target);
  if (recorder === null) {
    const weights = weight === null ? null : elementsOf(weight);
    for (let row = 0; row < indices.length; row++) {
      const t = indices[row]!;
      if (t < 0 || t >= classes) return row;
      factors.fill(scale * (weights === null ? 1 : weights[t]!), row * classes, (row + 1) * classes);
      factors[row * classes + t] = 0;
    }
    return -1;
  }
  const rows = indices.length;
  const index = as(indices, 'int32');
  if (weight === null) fillStrided(out, scale);
  else {
    const { storage, dtype } = recordLookUp(index, weight);
    runElementwise(scaled, 'f64', [stridedOver(storage.array, dtype, [rows, 1])], [scale], out);
  }
  const own = recordPlaces(index, { size: classes, stride: 1, negative: false }, 0);
  if (own === null) return -1;
  recordAxes(own, { shape: [rows], strides: [classes] }, 1);
  writeElements(factors, own, filled(out.dtype, 1, 0), 'set');
  return -1;
}

/** The sum of numbers one after the other, as a float64 number. */
function sumInOrder(x: TypedArray): Strided {
  const total = allocateArray('float64', 1);
  if (recorder !== null) recordCall('sum_in_order', orderedSum(placeOf(x).area.dtype), [x.length, x, total]);
  else for (const value of x) total[0]! += value;
  return stridedOver(total, 'float64', []);
}

const orderedSum = memoized((dtype: DType): ((...args: number[]) => void) => {
  const module = new ModuleBuilder();
  module.define({ export: 'sum' }, i32Params('count', 'x', 'out'), (f, p) => {
    const total = f.local('f64');
    f.countdown(p.count, 1, () => {
      f.get(total).get(p.x).loadNumber(dtype).op('f64.add').set(total);
      f.bump(p.x, { bytes: bytesOf(dtype) });
    });
    f.get(p.out).get(total).store('f64.store');
  });
  return module.instantiate<{ sum: (...args: number[]) => void }>().sum;
});

/** How much targets weigh. */
interface ClassMasses {
  readonly ignoreIndex: number;
  /** The part of the weight of a class that its targets get. */
  readonly onClass: number;
  /** What is added to it, of all classes; `null` for nothing. */
  readonly spread: Strided | null;
  /** Whether all are divided by the weights of the targets. */
  readonly mean: boolean;
}

const massAndRest = new ElementwiseKernel('class_mass', 2, (w, rest, onClass) => add(mul(onClass, w), rest));
const onlyMass = new ElementwiseKernel('class_mass', 1, (w, onClass) => mul(onClass, w));
const inverse = new ElementwiseKernel('inverse', 1, (total) => div(1, total));
const shared = new ElementwiseKernel('class_mass', 3, (mass, share, t, ignored) =>
  select(eq(t, ignored), 0, mul(mass, share)),
);
const unshared = new ElementwiseKernel('class_mass', 2, (mass, t, ignored) =>
  select(eq(t, ignored), 0, mass),
);

/** How much the distribution that each target stands for sums up to; 0 for those of `ignoreIndex`. */
export function classMasses(
  target: Strided,
  weight: Strided | null,
  { ignoreIndex, onClass, spread, mean }: ClassMasses,
  out: Strided,
): void {
  const { shape } = target;
  const room = (dtype: DType, of = shape): Strided =>
    stridedOver(allocateArray(dtype, of === shape ? target.count : 1), dtype, of);
  const weights = room('float64');
  classWeights(target, weight, ignoreIndex, weights);
  const masses = room(out.dtype);
  if (spread === null) runElementwise(onlyMass, 'f64', [weights], [onClass], masses);
  else runElementwise(massAndRest, 'f64', [weights, sumInOrder(elementsOf(spread))], [onClass], masses);
  const results = stridedOver(out.storage.array, out.dtype, shape, out.offset);
  if (!mean) {
    runElementwise(unshared, 'f64', [masses, target], [ignoreIndex], results);
    return;
  }
  const share = room(out.dtype, []);
  runElementwise(inverse, 'f64', [sumInOrder(elementsOf(weights))], [], share);
  runElementwise(shared, 'f64', [masses, share, target], [ignoreIndex], results);
}
