/** What a user's operation gives back, held against what the engine needs of it. */
import { describe } from '../../arguments/explain.ts';
import { dtypes } from '../../dtype.ts';
import { AutogradError, KindlingError, ValueError } from '../../errors.ts';
import { isPromise } from '../../readable.ts';
import { checkNumel, formatShape, numelOf, type Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { isOutOfMemory } from '../apply.ts';
import type { GradNode } from '../node.ts';
import type { Meta, Tensors } from '../primitive.ts';

const isSize = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;

/** What `infer` gave, once it is known to describe a result. */
export function checkedMeta(name: string, meta: unknown): Meta {
  const { shape, dtype } = (meta ?? {}) as Partial<Record<keyof Meta, unknown>>;
  if (Array.isArray(shape) && shape.every(isSize) && dtypes.includes(dtype as never)) {
    checkNumel(shape as Shape, numelOf(shape as Shape), name);
    return meta as Meta;
  }
  throw new ValueError(
    `${name}: its infer must return { shape, dtype }, sizes and one of ${dtypes.join(', ')}, got ` +
      (Array.isArray(shape) ? `shape ${describe(shape)} and dtype ${describe(dtype)}` : describe(meta)),
  );
}

/** {@link checkedMeta} for several results. */
export function checkedMetas<M>(name: string, metas: M): M {
  if (!Array.isArray(metas))
    throw new ValueError(
      `${name}: its infer must return an array, { shape, dtype } for each result, got ${describe(metas)}`,
    );
  for (const meta of metas) checkedMeta(name, meta);
  return metas;
}

/** Refuses what a kernel returns as if that were its result, which it writes to `out`. */
function checkWritten(name: string, returned: unknown): void {
  if (!(returned instanceof Tensor || isPromise(returned))) return;
  throw new ValueError(
    `${name}: its kernel returned ${returned instanceof Tensor ? 'a Tensor' : 'a Promise'}; a kernel writes the result into ` +
      'the tensor that it is given for it, before it returns',
  );
}

/** What `alias` gave, once it is known to lie within the memory of its input. */
export function checkedAlias<P extends { shape: Shape; strides: readonly number[]; offset: number }>(
  name: string,
  input: Tensor,
  place: P,
): P {
  const { shape, strides, offset } = (place ?? {}) as Partial<Record<keyof P, unknown>>;
  const described =
    Array.isArray(shape) &&
    Array.isArray(strides) &&
    shape.length === strides.length &&
    shape.every(isSize) &&
    strides.every(Number.isSafeInteger) &&
    isSize(offset);
  if (!described)
    throw new ValueError(`${name}: its alias must return { shape, strides, offset }, got ${describe(place)}`);
  const [least, greatest] = reach(place);
  const { length } = input.storage.array;
  if (numelOf(place.shape) > 0 && (least < 0 || greatest >= length)) {
    throw new ValueError(
      `${name}: its alias leaves the memory of the input, which has ${length} elements: shape ${formatShape(place.shape)}, ` +
        `strides ${formatShape(place.strides)}, offset ${place.offset}`,
    );
  }
  return place;
}

/** The first and the last place that a view reads. */
function reach({
  shape,
  strides,
  offset,
}: {
  shape: Shape;
  strides: readonly number[];
  offset: number;
}): [number, number] {
  let [least, greatest] = [offset, offset];
  for (const [d, size] of shape.entries()) {
    const span = (size - 1) * strides[d]!;
    if (span < 0) least += span;
    else greatest += span;
  }
  return [least, greatest];
}

const isGradient = (g: unknown): boolean => g === null || g === undefined || g instanceof Tensor;

/** What a derivative gave, once it is known to be a gradient, or none, for each of `count` inputs. */
export function checkedGradients(
  name: string,
  count: number,
  gradients: readonly (Tensor | null)[],
): readonly (Tensor | null)[] {
  if (Array.isArray(gradients) && gradients.length <= count && gradients.every(isGradient)) return gradients;
  throw new AutogradError(
    `${name}: its derivative must return an array with a Tensor or null for each input, of which there are ${count}, got ` +
      describe(gradients),
  );
}

/** The derivative of a statement, if it has one, whose gradients are looked at. */
const checkedDerivative = <G, A>({
  name,
  derivative,
}: {
  readonly name: string;
  derivative?(g: G, node: GradNode<A>): readonly (Tensor | null)[];
}) =>
  derivative && {
    derivative: (g: G, node: GradNode<A>) => checkedGradients(name, node.next.length, derivative(g, node)),
  };

/** What runs of a statement: its kernel, which returns nothing, and its derivative. */
export const checkedRun = <I, A, O, G>(spec: {
  readonly name: string;
  kernel(inputs: I, attributes: A, out: O): void;
  derivative?(g: G, node: GradNode<A>): readonly (Tensor | null)[];
}) => ({
  kernel: (inputs: I, attributes: A, out: O) => checkWritten(spec.name, spec.kernel(inputs, attributes, out)),
  ...checkedDerivative(spec),
});

/**
 * What a call of a user's operation threw, as an error that says of which operation, and of which of its functions, if
 * it is one of JavaScript's own.
 */
export function ofForeign<A>(
  primitive: { readonly name: string; infer(inputs: never, attributes: A): unknown },
  inputs: Tensors,
  attributes: A,
  error: unknown,
): unknown {
  const { name } = primitive;
  let meta: unknown;
  try {
    // It reads no data, so it can be asked again whether it was it.
    meta = primitive.infer(inputs as never, attributes);
  } catch (again) {
    return isRaw(again) ? failed(name, 'infer', inputs, again) : error;
  }
  try {
    if (Array.isArray(meta)) checkedMetas(name, meta);
    else checkedMeta(name, meta);
  } catch (fault) {
    return fault;
  }
  return isRaw(error) ? failed(name, 'kernel', inputs, error) : error;
}

/** Whether an error is of JavaScript itself: none that somebody throws on purpose, and not that memory is out. */
export const isRaw = (error: unknown): error is Error =>
  (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) &&
  !(error instanceof KindlingError) &&
  !isOutOfMemory(error);

/** The error for a function of an operation that failed, with what it threw as its cause. */
export function failed(name: string, part: string, inputs: Tensors, error: Error): KindlingError {
  const given = inputs.map((x) => `${x.dtype} ${formatShape(x.shape)}`).join(', ');
  const message = `${name}: its ${part} failed on (${given}): ${error.name}: ${error.message}`;
  const named = new ValueError(message);
  named.cause = error;
  return named;
}
