import type { Tensor } from '@kindling/core';

/**
 * What {@link loadTorch} gives: Python's values as JavaScript's nearest.
 *
 * | Python | here |
 * | --- | --- |
 * | tensor, `nn.Parameter` | `Tensor`, `nn.Parameter` |
 * | `int`, `float` | `number`; an `int` beyond 2^53 is a `bigint` |
 * | `str`, `bool`, `None` | `string`, `boolean`, `null` |
 * | `list`, `tuple`, `torch.Size` | an array |
 * | `dict`, `OrderedDict`, `defaultdict`, `Counter` | an object, or a `Map` where its keys would not come back as they
 * were | | `set`, `frozenset` | `Set` | | `bytes`, `bytearray` | `Uint8Array` | | `torch.dtype`, `torch.device` | its
 * name, `'torch.float16'`, `'cuda:0'` |
 */
export type TorchValue =
  | Tensor
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | readonly TorchValue[]
  | { readonly [key: string]: TorchValue }
  | ReadonlyMap<TorchValue, TorchValue>
  | ReadonlySet<TorchValue>;

/** Values nested deeper are none of a checkpoint's, and would exhaust the stack of whoever walks them. */
export const MAX_DEPTH = 256;

/** Steps into a value, as they stand in errors: `['model']['0.weight']`. */
export const pathOf = (steps: readonly (string | number)[]): string =>
  steps.length === 0 ? 'the value' : steps.map((step) => `[${quoted(step)}]`).join('');

const quoted = (step: string | number): string =>
  typeof step === 'number' ? String(step) : `'${step.length > 60 ? `${step.slice(0, 60)}...` : step}'`;

/** A whole number as JavaScript orders keys: these alone can stand for an int. */
export const isIntegerKey = (key: string): boolean =>
  /^(0|-?[1-9]\d{0,15})$/.test(key) && Number.isSafeInteger(Number(key));
