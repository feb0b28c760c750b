/**
 * Where the windows of pooling lie: a table of three numbers for each window along each dimension, its first entry, how
 * many entries it has, and by what the sum over it is divided. Tables are made in the memory of kernels, by functions
 * over addresses.
 */

import { is, minus, plus, times } from '../../wasm/formulas.ts';
import {
  type FloatLane,
  type FunctionBuilder,
  i32Params,
  ModuleBuilder,
  memoized,
} from '../../wasm/index.ts';
import { bytesOfLane } from '../../wasm/lanes.ts';
import { type Triple, volume } from '../geometry.ts';

/**
 * The windows along a dimension of `size` entries: number o goes from entry o * num / den - padding up to, and without,
 * entry (o * num + extra) / den - padding, rounded down, in steps of `dilation`. Entries beyond the dimension are left
 * out.
 */
export interface Along {
  readonly size: number;
  readonly out: number;
  readonly num: number;
  readonly den: number;
  readonly extra: number;
  readonly padding: number;
  readonly dilation: number;
  /** What counts for the mean: entries inside, those in the padding too, or this number whatever they are. */
  readonly counts: 'inside' | 'padded' | number;
}

/** Windows of one size, which begin `stride` apart. */
export const regular = (
  size: number,
  out: number,
  {
    kernel,
    stride,
    padding,
    dilation,
  }: Readonly<Record<'kernel' | 'stride' | 'padding' | 'dilation', number>>,
  counts: Along['counts'],
): Along => ({
  ...{ size, out, num: stride, den: 1, extra: dilation * (kernel - 1) + 1, padding, dilation, counts },
});

/** So many windows as evenly as may be, which together hold every entry. */
export const adaptive = (size: number, out: number): Along => ({
  ...{ size, out, num: size, den: out, extra: size + out - 1, padding: 0, dilation: 1, counts: 'inside' },
});

/** Windows of `kernel` entries at places that a random number for each plane decides. */
export interface Fractional {
  readonly kernel: Triple;
  /** For each dimension, which of a plane's random numbers is its own. */
  readonly sample: Triple;
  /** How many random numbers a plane has. */
  readonly samples: number;
}

/** Windows over planes of (depth, height, width). */
export interface Pooling {
  readonly planes: number;
  readonly size: Triple;
  readonly out: Triple;
  readonly along: readonly [Along, Along, Along] | Fractional;
}

export const dilationsOf = ({ along }: Pooling): Triple =>
  'kernel' in along ? [1, 1, 1] : [along[0].dilation, along[1].dilation, along[2].dilation];

/** Numbers of a table. */
export const tableLength = ({ out }: Pooling): number => 3 * (out[0] + out[1] + out[2]);

/**
 * The windows along the last dimension that begin `step` apart and have all their `kernel` entries: from `first` up to
 * `past`.
 */
interface Whole {
  readonly first: number;
  readonly past: number;
  readonly step: number;
  readonly kernel: number;
}

export function wholeWindows({ along }: Pooling): Whole {
  const none = { first: 0, past: 0, step: 1, kernel: 1 };
  if ('kernel' in along) return none;
  const { size, out, num, den, extra, padding, dilation } = along[2];
  if (den !== 1) return none;
  const first = Math.ceil(padding / num);
  const past = Math.min(out, Math.floor((size - extra + padding) / num) + 1);
  return past <= first ? none : { first, past, step: num, kernel: (extra - 1) / dilation + 1 };
}

type Kernel = (...args: number[]) => void;

const store = (f: FunctionBuilder, at: number, values: readonly number[]): void => {
  for (const [i, value] of values.entries())
    f.get(at)
      .get(value)
      .store('i32.store', 4 * i);
  f.bump(at, { bytes: 12 });
};

/** Pushes (o * num + extra) / den - padding: the product may be beyond 32 bits. */
function pushEdge(
  f: FunctionBuilder,
  p: Readonly<Record<'num' | 'den' | 'padding', number>>,
  o: number,
  extra: number | null,
): FunctionBuilder {
  f.get(o).op('i64.extend_i32_s').get(p.num).op('i64.extend_i32_s').op('i64.mul');
  if (extra !== null) f.get(extra).op('i64.extend_i32_s').op('i64.add');
  f.get(p.den).op('i64.extend_i32_s').op('i64.div_s').op('i32.wrap_i64');
  return f.get(p.padding).op('i32.sub');
}

const pushLess = (f: FunctionBuilder, a: number, b: number): FunctionBuilder =>
  f.get(a).get(b).get(a).get(b).op('i32.lt_s').op('select');

/** One dimension of a table: `how` is 0 for entries inside, 1 for those in the padding too, 2 for `constant`. */
const regularKernel = memoized((_: 'i32'): Kernel => {
  const module = new ModuleBuilder();
  const params = i32Params(
    ...(['size', 'out', 'num', 'den', 'extra', 'padding', 'dilation', 'how', 'constant', 'table'] as const),
  );
  module.define({ export: 'windows' }, params, (f, p) => {
    const v = f.locals('i32', 'o', 'from', 'to', 'all', 'count', 'limit', 'weight');
    f.put(v.limit, plus(p.size, p.padding));
    f.upTo(v.o, p.out, is(1), () => {
      pushEdge(f, p, v.o, null).set(v.from);
      pushEdge(f, p, v.o, p.extra).set(v.to);
      pushLess(f, v.to, v.limit).get(v.from).op('i32.sub').set(v.all);
      // Into the dimension by whole steps.
      f.get(v.from).i32Const(0).op('i32.lt_s').if();
      f.put(
        v.from,
        plus(v.from, times(['i32.div_s', plus(minus(p.dilation, v.from), is(-1)), p.dilation], p.dilation)),
      );
      f.end();
      pushLess(f, v.to, p.size).set(v.to);
      f.put(v.count, ['i32.div_s', plus(minus(v.to, v.from), p.dilation, is(-1)), p.dilation]);
      f.get(v.count).i32Const(0).get(v.count).i32Const(0).op('i32.gt_s').op('select').set(v.count);
      f.get(v.all).get(v.count).get(p.how).op('select').set(v.weight);
      f.get(p.constant).get(v.weight).get(p.how).i32Const(2).op('i32.eq').op('select').set(v.weight);
      store(f, p.table, [v.from, v.count, v.weight]);
    });
  });
  return module.instantiate<{ windows: Kernel }>().windows;
});

/**
 * One dimension of the tables of planes, `pitch` bytes apart: the gaps between windows are those between multiples of a
 * number, counted from the random one on, all in the arithmetic of the elements.
 */
const fractionalKernel = memoized((lane: FloatLane): Kernel => {
  const bytes = bytesOfLane(lane);
  const module = new ModuleBuilder();
  const params = i32Params(
    ...(['planes', 'size', 'out', 'kernel', 'samples', 'sample', 'pitch', 'row', 'table'] as const),
  );
  module.define({ export: 'windows' }, params, (f, p) => {
    const v = f.locals('i32', 'n', 'o', 'from', 'last', 'entry', 'origin');
    const { alpha, sample } = f.locals(lane, 'alpha', 'sample');
    f.put(v.last, minus(p.size, p.kernel));
    f.get(v.last).op(`${lane}.convert_i32_s`).get(p.out).i32Const(1).op('i32.sub');
    f.op(`${lane}.convert_i32_s`).op(`${lane}.div`).set(alpha);
    f.upTo(v.n, p.planes, is(1), () => {
      f.put(v.entry, plus(p.samples, times(p.sample, is(bytes)))).get(v.entry);
      f.load(`${lane}.load`).set(sample);
      f.get(sample).get(alpha).op(`${lane}.mul`).op(`i32.trunc_sat_${lane}_s`).set(v.origin);
      f.put(v.entry, p.table);
      f.upTo(v.o, p.out, is(1), () => {
        f.get(v.o).op(`${lane}.convert_i32_s`).get(sample).op(`${lane}.add`).get(alpha).op(`${lane}.mul`);
        f.op(`i32.trunc_sat_${lane}_s`).get(v.origin).op('i32.sub').set(v.from);
        // The last window ends where the dimension does; and no random number leads out of it.
        f.get(v.last).get(v.from);
        f.get(v.o).i32Const(1).op('i32.add').get(p.out).op('i32.eq').op('select').set(v.from);
        pushLess(f, v.from, v.last).set(v.from);
        f.get(v.from).i32Const(0).get(v.from).i32Const(0).op('i32.gt_s').op('select').set(v.from);
        store(f, v.entry, [v.from, p.kernel, p.kernel]);
      });
      f.put(p.table, plus(p.table, p.pitch));
      f.put(p.samples, plus(p.samples, p.row));
    });
  });
  return module.instantiate<{ windows: Kernel }>().windows;
});

/**
 * A call that makes a part of a table, whose place comes after the other arguments and is `at` numbers from its
 * beginning; `A` is what stands for the random numbers.
 */
interface TablePart<A> {
  readonly kernel: Kernel;
  readonly args: readonly (number | A)[];
  readonly at: number;
}

/** The calls that make a pooling's table, or those of its planes. */
export function tableParts<A>(
  g: Pooling,
  lane: FloatLane,
  planes: number,
  samples: A | null,
): TablePart<A>[] {
  const { along, size, out } = g;
  return ([0, 1, 2] as const).map((d) => {
    const at = 3 * out.slice(0, d).reduce((sum, n) => sum + n, 0);
    if (!('kernel' in along)) {
      const a = along[d];
      const [how, constant] =
        typeof a.counts === 'number' ? [2, a.counts] : [a.counts === 'inside' ? 0 : 1, 1];
      const { num, den, extra, padding, dilation } = a;
      return {
        kernel: regularKernel('i32'),
        args: [a.size, a.out, num, den, extra, padding, dilation, how, constant],
        at,
      };
    }
    const bytes = bytesOfLane(lane);
    const args = [
      planes,
      size[d],
      out[d],
      along.kernel[d],
      samples ?? 0,
      along.sample[d],
      4 * tableLength(g),
    ];
    return { kernel: fractionalKernel(lane), args: [...args, along.samples * bytes], at };
  });
}

/** Bytes from a plane's table to the next one's. */
export const tablePitch = (g: Pooling): number => ('kernel' in g.along ? 4 * tableLength(g) : 0);

/** Elements of a plane, and of its result. */
export const planeCounts = (g: Pooling): readonly [number, number] => [volume(g.size), volume(g.out)];
