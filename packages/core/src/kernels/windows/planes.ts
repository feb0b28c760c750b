/** Copies of images with zeros around them, and what is added up there on its way back. */

import { copyVectors } from '../gemm/index.ts';
import { type Formula, is, minus, plus, times } from '../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder } from '../wasm/index.ts';

/** What the functions of planes need of an element. */
export interface Element {
  readonly lane: 'f32' | 'f64';
  readonly vector: 'f32x4' | 'f64x2';
  readonly bytes: 4 | 8;
}

/**
 * An image of `channels` channels of (d, h, w) lies at `image`, a window on it at `planes`: channels of (slabs, rows,
 * columns), whose first entry is entry (-z, -y, -x) of the image.
 */
const planeParams = i32Params(
  ...(['channels', 'd', 'h', 'w', 'image', 'slabs', 'rows', 'columns', 'planes', 'z', 'y', 'x'] as const),
);

/**
 * For each row that image and window have in common: `row(where in the image, where in the window, how many elements)`.
 */
function commonRows(
  f: FunctionBuilder,
  p: Readonly<Record<keyof typeof planeParams, number>>,
  bytes: number,
  row: (image: number, plane: number, count: number) => void,
): void {
  const v = f.locals('i32', 'c', 's', 'r', 'from', 'to', 'count', 'first');
  /** Where two lines overlap that begin `shift` apart: counted in the window, from `first` on. */
  const least = (a: Formula, b: Formula): void => {
    f.push(a).push(b).push(['i32.lt_s', a, b]).op('select');
  };
  f.get(p.x).i32Const(0).get(p.x).i32Const(0).op('i32.gt_s').op('select').set(v.first);
  least(p.columns, plus(p.w, p.x));
  f.get(v.first).op('i32.sub').set(v.count);
  f.get(v.count).i32Const(0).op('i32.gt_s').if();
  f.upTo(v.c, p.channels, is(1), () =>
    f.upTo(v.s, p.slabs, is(1), () => {
      f.push(['i32.lt_u', minus(v.s, p.z), p.d]).if();
      f.upTo(v.r, p.rows, is(1), () => {
        f.push(['i32.lt_u', minus(v.r, p.y), p.h]).if();
        const line = (
          base: number,
          a: Formula,
          depth: number,
          b: Formula,
          height: number,
          c: Formula,
          width: number,
          e: Formula,
        ) =>
          plus(
            base,
            times(plus(times(plus(times(plus(times(a, depth), b), height), c), width), e), is(bytes)),
          );
        f.put(
          v.from,
          line(p.image, v.c, p.d, minus(v.s, p.z), p.h, minus(v.r, p.y), p.w, minus(v.first, p.x)),
        );
        f.put(v.to, line(p.planes, v.c, p.slabs, v.s, p.rows, v.r, p.columns, v.first));
        row(v.from, v.to, v.count);
        f.end();
      });
      f.end();
    }),
  );
  f.end();
}

/** Adds what fills the window with the image, and with zeros beyond it. */
export function padPlanes(module: ModuleBuilder, e: Element): number {
  const { lane, bytes } = e;
  const copy = copyRun(module, e);
  return module.define({ name: `windows_pad_${lane}` }, planeParams, (f, p) => {
    f.get(p.planes).i32Const(0);
    f.push(times(p.channels, p.slabs, p.rows, p.columns, is(bytes))).memoryFill();
    commonRows(f, p, bytes, (image, plane, count) => {
      f.get(count).get(image).get(plane).call(copy);
    });
  });
}

/** Adds what adds the window to the image. */
export function addPlanes(module: ModuleBuilder, e: Element): number {
  const add = addRun(module, e);
  return module.define({ name: `windows_add_${e.lane}` }, planeParams, (f, p) => {
    commonRows(f, p, e.bytes, (image, plane, count) => {
      f.get(count).get(plane).get(image).call(add);
    });
  });
}

/**
 * Adds what copies elements that lie side by side: a call of what the engine has for it takes longer than a short row.
 */
function copyRun(module: ModuleBuilder, { lane, bytes }: Element): number {
  const params = i32Params('count', 'from', 'to');
  return module.define({ name: `windows_copy_run_${lane}` }, params, (f, p) => {
    const move = (step: number): void => {
      f.bump(p.to, { bytes: step });
      f.bump(p.from, { bytes: step });
    };
    for (const vectors of [4, 1])
      f.countdown(p.count, (16 * vectors) / bytes, () => {
        copyVectors(f, vectors, p.from, p.to);
        move(16 * vectors);
      });
    f.countdown(p.count, 1, () => {
      f.get(p.to).get(p.from).load(`${lane}.load`).store(`${lane}.store`);
      move(bytes);
    });
  });
}

/** Adds what adds elements that lie side by side to others that do. */
function addRun(module: ModuleBuilder, e: Element): number {
  const params = i32Params('count', 'from', 'to');
  return module.define({ name: `windows_add_run_${e.lane}` }, params, (f, p) => {
    addSideBySide(f, e, p.count, p.from, p.to);
    addApart(f, e, p.count, p.from, p.to, is(e.bytes));
  });
}

/**
 * Adds elements to others, as long as they fill vectors; moves the pointers past them, and leaves in `count` how many
 * are left.
 */
export function addSideBySide(
  f: FunctionBuilder,
  { vector, bytes }: Element,
  count: number,
  from: number,
  to: number,
): void {
  f.countdown(count, 16 / bytes, () => {
    f.get(to).get(to).load('v128.load').get(from).load('v128.load').op(`${vector}.add`).store('v128.store');
    f.put(to, plus(to, is(16)));
    f.put(from, plus(from, is(16)));
  });
}

/** Adds elements one by one to others that are `step` bytes apart. */
export function addApart(
  f: FunctionBuilder,
  { lane, bytes }: Element,
  count: number,
  from: number,
  to: number,
  step: Formula,
): void {
  f.countdown(count, 1, () => {
    f.get(to)
      .get(to)
      .load(`${lane}.load`)
      .get(from)
      .load(`${lane}.load`)
      .op(`${lane}.add`)
      .store(`${lane}.store`);
    f.put(to, plus(to, step));
    f.put(from, plus(from, is(bytes)));
  });
}
