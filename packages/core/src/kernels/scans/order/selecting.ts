/**
 * The algorithms by which PyTorch selects and sorts where equal elements need not stay in order, at addresses: those of
 * the C++ standard library and its own quickselect. Which of equal elements comes first depends on how these move them.
 */
import { is, minus, plus } from '../../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder } from '../../wasm/index.ts';
import { step } from './keys.ts';
import { type KeyType, Moves } from './moves.ts';

/** Ranges up to this length are left to the insertion sort. */
const shortRange = 16;

/** Functions of a module, by their indices; each takes first the addresses of keys and of where they came from. */
interface Selecting {
  /** (n, count): brings the first `count`, in order, to the first places. */
  readonly partialSort: number;
  /** (n, nth): puts the right one at place `nth`, none before it that belongs after it. */
  readonly nthElement: number;
  /** (count): sorts the first `count` places. */
  readonly sort: number;
  /** (n, k): PyTorch's quickselect, which puts the right one at place `k`. */
  readonly quickSelect: number;
}

/** Runs `body` as long as what `condition` pushes is not 0. */
function whileTrue(f: FunctionBuilder, condition: () => void, body: () => void): void {
  const again = f.loop();
  condition();
  f.if();
  body();
  f.i32Const(1).brIf(again).end().end();
}

/** Sets a local to twice the logarithm of a count, rounded down. */
const setDepth = (f: FunctionBuilder, count: number, depth: number): FunctionBuilder =>
  f.i32Const(31).get(count).op('i32.clz').op('i32.sub').i32Const(1).op('i32.shl').set(depth);

/** Sets a local to one of two, by what is on the stack. */
function choose(f: FunctionBuilder, into: number, yes: number, no: number): void {
  f.if();
  f.get(yes).set(into).else().get(no).set(into).end();
}

/**
 * Moves `left` up past what belongs before the pivot, and `right`, by one at least, down past what belongs behind it.
 */
function passBy(m: Moves, left: number, right: number, pivot: number): void {
  const { f } = m;
  const less = (): void => {
    m.pushKey(left).get(pivot);
    m.less();
  };
  whileTrue(f, less, () => step(f, left));
  step(f, right, -1);
  const greater = (): void => {
    f.get(pivot);
    m.pushKey(right);
    m.less();
  };
  whileTrue(f, greater, () => step(f, right, -1));
}

/** Partitions around the median of three places; gives where the second part starts. */
function definePartition(module: ModuleBuilder, type: KeyType): number {
  const params = i32Params('keys', 'order', 'first', 'last');
  return module.define({ name: 'partition', result: 'i32' }, params, (f, p) => {
    const m = new Moves(f, type, p);
    const { a, b, c, left, right } = f.locals('i32', 'a', 'b', 'c', 'left', 'right');
    const pivot = f.local(type);
    f.put(a, plus(p.first, is(1))).put(c, minus(p.last, is(1)));
    f.put(b, plus(p.first, ['i32.shr_u', minus(p.last, p.first), is(1)]));
    const middleOf = (less: number, greater: number): void => {
      m.before(greater, c).if();
      f.get(greater).set(left).else();
      m.before(less, c);
      choose(f, left, c, less);
      f.end();
    };
    m.before(a, b).if();
    middleOf(a, b);
    f.else();
    middleOf(b, a);
    f.end();
    m.swap(p.first, left);
    m.pushKey(p.first).set(pivot);
    f.get(a).set(left).get(p.last).set(right);
    const again = f.loop();
    passBy(m, left, right, pivot);
    f.get(left).get(right).op('i32.lt_s').if();
    m.swap(left, right);
    step(f, left);
    f.i32Const(1).brIf(again).end().end();
    f.get(left);
  });
}

function defineInsertionSort(module: ModuleBuilder, type: KeyType): number {
  const params = i32Params('keys', 'order', 'first', 'last');
  return module.define({ name: 'insertionSort' }, params, (f, p) => {
    const m = new Moves(f, type, p);
    const { i, j, previous, from, short } = f.locals('i32', 'i', 'j', 'previous', 'from', 'short');
    const key = f.local(type);
    f.put(i, plus(p.first, is(1))).put(short, plus(p.first, is(shortRange)));
    whileTrue(
      f,
      () => f.get(i).get(p.last).op('i32.lt_s'),
      () => {
        m.pushKey(i).set(key);
        m.pushFrom(i).set(from);
        // As the library does it: among NaNs it makes a difference.
        f.get(i).get(short).op('i32.lt_s').get(key);
        m.pushKey(p.first);
        m.less().op('i32.and').if();
        m.moveOn(p.first, i);
        m.put(p.first, key, from);
        f.else().get(i).set(j);
        const there = f.block();
        const next = f.loop();
        f.get(j).get(p.first).op('i32.le_s').brIf(there);
        f.put(previous, minus(j, is(1))).get(key);
        m.pushKey(previous);
        m.less().op('i32.eqz').brIf(there);
        m.copy(previous, j);
        f.get(previous).set(j).i32Const(1).brIf(next).end().end();
        m.put(j, key, from);
        f.end();
        step(f, i);
      },
    );
  });
}

const heapParams = (type: KeyType) =>
  ({ ...i32Params('keys', 'order', 'first', 'hole', 'length', 'from'), key: type }) as const;

/** Fills a hole in a heap: larger children rise, then the key rises from where the hole ended. */
function defineSink(module: ModuleBuilder, type: KeyType): number {
  return module.define({ name: 'sink' }, heapParams(type), (f, p) => {
    const m = new Moves(f, type, p);
    const { child, at, to, last } = f.locals('i32', 'child', 'at', 'to', 'last');
    const top = f.local('i32');
    const fill = (): void => {
      f.put(at, plus(p.first, child)).put(to, plus(p.first, p.hole));
      m.copy(at, to);
      f.get(child).set(p.hole);
    };
    f.get(p.hole).tee(top).set(child);
    f.put(last, ['i32.shr_s', minus(p.length, is(1)), is(1)]);
    whileTrue(
      f,
      () => f.get(child).get(last).op('i32.lt_s'),
      () => {
        f.put(child, ['i32.shl', plus(child, is(1)), is(1)]);
        f.put(at, plus(p.first, child)).put(to, minus(at, is(1)));
        f.get(child);
        m.before(at, to).op('i32.sub').set(child);
        fill();
      },
    );
    f.push(['i32.and', p.length, is(1)]).op('i32.eqz');
    f.get(child)
      .push(['i32.shr_s', minus(p.length, is(2)), is(1)])
      .op('i32.eq')
      .op('i32.and')
      .if();
    f.put(child, plus(child, child, is(1)));
    fill();
    f.end();
    const risen = f.block();
    const rise = f.loop();
    f.get(p.hole).get(top).op('i32.le_s').brIf(risen);
    f.put(child, ['i32.shr_s', minus(p.hole, is(1)), is(1)]).put(at, plus(p.first, child));
    m.pushKey(at).get(p.key);
    m.less().op('i32.eqz').brIf(risen);
    fill();
    f.i32Const(1).brIf(rise).end().end();
    f.put(to, plus(p.first, p.hole));
    m.put(to, p.key, p.from);
  });
}

/** Moves the top of the heap of so many places to place `to`, whose entry joins the heap. */
function definePop(module: ModuleBuilder, type: KeyType, sink: number): number {
  const params = i32Params('keys', 'order', 'first', 'length', 'to');
  return module.define({ name: 'pop' }, params, (f, p) => {
    const m = new Moves(f, type, p);
    const [key, from] = [f.local(type), f.local('i32')];
    m.pushKey(p.to).set(key);
    m.pushFrom(p.to).set(from);
    m.copy(p.first, p.to);
    f.call(sink, [p.keys, p.order, p.first, is(0), p.length, from, key]);
  });
}

/** Makes a heap of the places up to `middle`, and lets in what comes behind and belongs before its top. */
function defineHeapSelect(module: ModuleBuilder, type: KeyType, sink: number, pop: number): number {
  const params = i32Params('keys', 'order', 'first', 'middle', 'last');
  return module.define({ name: 'heapSelect' }, params, (f, p) => {
    const m = new Moves(f, type, p);
    const { length, parent, at, from } = f.locals('i32', 'length', 'parent', 'at', 'from');
    const key = f.local(type);
    f.put(length, minus(p.middle, p.first));
    f.put(parent, ['i32.shr_s', minus(length, is(2)), is(1)]);
    whileTrue(
      f,
      () => f.get(parent).i32Const(0).op('i32.ge_s'),
      () => {
        f.put(at, plus(p.first, parent));
        m.pushKey(at).set(key);
        m.pushFrom(at).set(from);
        f.call(sink, [p.keys, p.order, p.first, parent, length, from, key]);
        step(f, parent, -1);
      },
    );
    f.get(p.middle).set(at);
    whileTrue(
      f,
      () => f.get(at).get(p.last).op('i32.lt_s'),
      () => {
        m.before(at, p.first).if();
        f.call(pop, [p.keys, p.order, p.first, length, at]).end();
        step(f, at);
      },
    );
  });
}

function defineSortHeap(module: ModuleBuilder, pop: number): number {
  const params = i32Params('keys', 'order', 'first', 'end');
  return module.define({ name: 'sortHeap' }, params, (f, p) => {
    step(f, p.end, -1);
    whileTrue(
      f,
      () => f.get(p.end).get(p.first).op('i32.gt_s'),
      () => {
        f.call(pop, [p.keys, p.order, p.first, minus(p.end, p.first), p.end]);
        step(f, p.end, -1);
      },
    );
  });
}

/** Sorts all but ranges that are short. */
function defineIntrosort(module: ModuleBuilder, partition: number, heapSelect: number, sortHeap: number) {
  // The function behind the last one so far: it calls itself.
  const itself = sortHeap + 1;
  const params = i32Params('keys', 'order', 'first', 'last', 'depth');
  return module.define({ name: 'introsort' }, params, (f, p) => {
    const cut = f.local('i32');
    const long = (): FunctionBuilder => f.push(minus(p.last, p.first)).i32Const(shortRange).op('i32.gt_s');
    whileTrue(f, long, () => {
      f.get(p.depth).op('i32.eqz').if();
      f.call(heapSelect, [p.keys, p.order, p.first, p.last, p.last]);
      f.call(sortHeap, [p.keys, p.order, p.first, p.last]);
      f.return().end();
      step(f, p.depth, -1);
      f.call(partition, [p.keys, p.order, p.first, p.last]).set(cut);
      f.call(itself, [p.keys, p.order, cut, p.last, p.depth]).get(cut).set(p.last);
    });
  });
}

function defineNthElement(
  module: ModuleBuilder,
  type: KeyType,
  partition: number,
  heapSelect: number,
  insertionSort: number,
): number {
  const params = i32Params('keys', 'order', 'n', 'nth');
  return module.define({ name: 'nthElement' }, params, (f, p) => {
    const m = new Moves(f, type, p);
    const { first, last, depth, cut } = f.locals('i32', 'first', 'last', 'depth', 'cut');
    f.get(p.n).set(last);
    setDepth(f, p.n, depth);
    const long = (): FunctionBuilder => f.push(minus(last, first)).i32Const(3).op('i32.gt_s');
    whileTrue(f, long, () => {
      f.get(depth).op('i32.eqz').if();
      f.call(heapSelect, [p.keys, p.order, first, plus(p.nth, is(1)), last]);
      m.swap(first, p.nth);
      f.return().end();
      step(f, depth, -1);
      f.call(partition, [p.keys, p.order, first, last]).tee(cut).get(p.nth).op('i32.le_s').if();
      f.get(cut).set(first).else().get(cut).set(last).end();
    });
    f.call(insertionSort, [p.keys, p.order, first, last]);
  });
}

function defineQuickSelect(module: ModuleBuilder, type: KeyType): number {
  const params = i32Params('keys', 'order', 'n', 'k');
  return module.define({ name: 'quickSelect' }, params, (f, p) => {
    const m = new Moves(f, type, p);
    const { left, right, next, middle, i, j } = f.locals(
      'i32',
      ...(['left', 'right', 'next'] as const),
      ...(['middle', 'i', 'j'] as const),
    );
    const pivot = f.local(type);
    const swapIfBefore = (a: number, b: number): void => {
      m.before(a, b).if();
      m.swap(a, b);
      f.end();
    };
    f.put(right, minus(p.n, is(1)));
    const many = (): FunctionBuilder => f.get(right).get(left).op('i32.gt_s');
    whileTrue(f, many, () => {
      f.put(next, plus(left, is(1)))
        .get(right)
        .get(next)
        .op('i32.eq')
        .if();
      swapIfBefore(right, left);
      f.return().end();
      f.put(middle, plus(left, ['i32.shr_u', minus(right, left), is(1)]));
      m.swap(middle, next);
      swapIfBefore(right, next);
      swapIfBefore(right, left);
      swapIfBefore(left, next);
      m.pushKey(left).set(pivot);
      f.get(next).set(i).get(right).set(j);
      const again = f.loop();
      step(f, i);
      passBy(m, i, j, pivot);
      f.get(j).get(i).op('i32.ge_s').if();
      m.swap(i, j);
      f.i32Const(1).brIf(again).end().end();
      m.swap(left, j);
      f.get(j).get(p.k).op('i32.le_s').if();
      f.get(i).set(left).end();
      f.get(j).get(p.k).op('i32.ge_s').if();
      f.put(right, minus(j, is(1))).end();
    });
  });
}

/** Adds these functions to a module. */
export function defineSelecting(module: ModuleBuilder, type: KeyType): Selecting {
  const partition = definePartition(module, type);
  const insertionSort = defineInsertionSort(module, type);
  const sink = defineSink(module, type);
  const pop = definePop(module, type, sink);
  const heapSelect = defineHeapSelect(module, type, sink, pop);
  const sortHeap = defineSortHeap(module, pop);
  const introsort = defineIntrosort(module, partition, heapSelect, sortHeap);
  const nthElement = defineNthElement(module, type, partition, heapSelect, insertionSort);
  const partialSort = module.define(
    { name: 'partialSort' },
    i32Params('keys', 'order', 'n', 'count'),
    (f, p) => {
      f.call(heapSelect, [p.keys, p.order, is(0), p.count, p.n]);
      f.call(sortHeap, [p.keys, p.order, is(0), p.count]);
    },
  );
  const sort = module.define({ name: 'sort' }, i32Params('keys', 'order', 'count'), (f, p) => {
    const depth = f.local('i32');
    f.get(p.count).i32Const(2).op('i32.lt_s').if();
    f.return().end();
    setDepth(f, p.count, depth);
    f.call(introsort, [p.keys, p.order, is(0), p.count, depth]);
    f.call(insertionSort, [p.keys, p.order, is(0), p.count]);
  });
  return { partialSort, nthElement, sort, quickSelect: defineQuickSelect(module, type) };
}
