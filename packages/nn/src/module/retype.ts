import {
  cannotCompile,
  type DType,
  FrozenError,
  formatShape,
  noGrad,
  noteChange,
  Tensor,
} from '@kindling/core';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Gives a floating parameter or buffer another dtype while it stays the same object, so that optimizers and shared
 * owners keep hold of it, as PyTorch's `Module.to` does by replacing `.data`. The layout (strides, offset) stays too.
 */
export function retype(x: Tensor, dtype: DType): void {
  if (x.dtype === dtype) return;
  cannotCompile(
    `Module.to: a tensor of shape ${formatShape(x.shape)} becomes ${dtype} in the compiled function, which later calls would not do; convert the module outside`,
  );
  if (Object.isFrozen(x)) throw new FrozenError('Module.to', 'tensor');
  const before = x.storage;
  const whole = new Tensor(before, [before.array.length], x.dtype);
  const { storage } = noGrad(() => whole.to(dtype));
  // A graph recorded before must notice that what it saved is gone.
  storage.version = before.version + 1;
  const target = x as Mutable<Tensor>;
  target.storage = storage;
  target.dtype = dtype;
  noteChange();
  if (x.grad !== null) retype(x.grad, dtype);
}
