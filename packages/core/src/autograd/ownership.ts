import { observed } from '../record/observe.ts';
import type { Tensor } from '../tensor.ts';

/*
 * Gradients are added to in place, and become the `.grad` of a leaf without a copy, where nobody else can tell. Who
 * holds a gradient's memory is counted in `Storage.holders`: each node at which it waits, while it waits; and once
 * more, for ever, when it is handed out. There is one rule: **what user code may have seen has been handed out**,
 * wherever it went out: as the argument of a hook or of a derivative that may keep it, or as a result of `grad`; and so
 * has what came in from there.
 */

/** User code may keep `x` from now on: its memory is never written again. */
export function handOut(x: Tensor): void {
  x.storage.holders++;
}

/** One holder less. Memory that nobody holds any more is given to the tensors that come next. */
export function letGo(g: Tensor): void {
  const { storage } = g;
  storage.holders--;
  if (storage.holders === 0 && !observed && g.dense && g.count === storage.array.length) storage.recycle();
}

/**
 * Whether the backward pass, at whose node `g` waits, may write into it: nobody else holds it, and it is no view with
 * gaps.
 */
export const isOwn = (g: Tensor): boolean => g.storage.holders === 1 && g.dense;
