import { checkArguments, K, KindlingError, Tensor, ValueError } from '@kindling/core';
import { moduleKind } from '../module/arguments.ts';
import { type AnyModule, heldBy } from '../module/callable.ts';
import { valueOf } from '../module/members.ts';
import type { Module } from '../module/module.ts';
import { isTensorPart, stateNameOf, walkModules } from '../module/registry.ts';

const severalArguments = /* @__PURE__ */ K.listOf(K.anything);

/** Options of {@link functionalCall}. */
export interface FunctionalCallOptions {
  /** Whether what is one tensor under several names stays one: all of them are replaced. Default: true. */
  readonly tieWeights?: boolean;
  /** Whether each parameter and buffer has to be given. Default: false. */
  readonly strict?: boolean;
}

/** A parameter or buffer of a module: where it stands. */
interface Place {
  readonly name: string;
  readonly owner: AnyModule;
  readonly property: string;
  readonly value: Tensor;
}

const tensorsByName = /* @__PURE__ */ K.kind(
  'an object of tensors by name, or an array of such objects',
  (x) =>
    typeof x === 'object' &&
    x !== null &&
    [x].flat().every((y) => Object.values(y as object).every(Tensor.is)),
);

/**
 * Calls a module with other tensors in the places of its parameters and buffers, which are put back afterwards:
 * gradients flow to those that are given. For steps that are differentiated themselves (meta-learning), networks whose
 * weights another network makes, and derivatives by all weights at once. Follows `torch.func.functional_call`; a name
 * that no parameter or buffer has is an error here.
 *
 * What the module assigns anew to one of them in the call is found in the object that was given.
 * @param parametersAndBuffers tensors by the names of `stateDict()`, those of submodules with dots; or several such
 *   objects without a name in common
 * @param args what the module is given: an array, or one argument that is none
 * @throws KindlingError for names that are unknown, given twice, or missing where `strict`; ValueError for two tensors
 * in the places of one that has both names
 * @example
 * ```ts
 * const model = new nn.Linear(2, 1);
 * const given = { weight: ones([1, 2], { requiresGrad: true }), bias: zeros(1) };
 * nn.utils.functionalCall(model, given, tensor([[0.5, 1.5]])).sum().backward();
 * given.weight.grad; // tensor([[0.5000, 1.5000]])
 * ```
 */
export function functionalCall<I extends unknown[], O>(
  module: Module<I, O>,
  parametersAndBuffers: Readonly<Record<string, Tensor>> | readonly Readonly<Record<string, Tensor>>[],
  args: Readonly<I> | I[0],
  options: FunctionalCallOptions = {},
): O {
  checkArguments(
    'functionalCall',
    {
      module: moduleKind,
      parametersAndBuffers: tensorsByName,
      args: K.anything,
      options: K.options<FunctionalCallOptions>({ tieWeights: K.flag, strict: K.flag }),
    },
    arguments,
  );
  const given = [parametersAndBuffers].flat() as Record<string, Tensor>[];
  const places = placesOf(module);
  const borrowed = borrowedIn(given, places, options);
  try {
    for (const [place, value] of borrowed) put(place, value);
    return module(...((K.fits(severalArguments, args) ? args : [args]) as I));
  } finally {
    for (const [place, value] of borrowed) {
      const now = valueAt(place);
      put(place, place.value);
      const from = now === value ? undefined : given.find((tensors) => Object.hasOwn(tensors, place.name));
      if (from !== undefined) Reflect.set(from, place.name, now);
    }
  }
}

/**
 * All parameters and buffers, also those that stand in several places. Going through the modules tells compiled calls
 * how they are at other times.
 */
function placesOf(module: AnyModule): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [at, owner] of walkModules(module, '', false))
    for (const [property, value] of owner.registered()) {
      if (!isTensorPart(owner, property, value)) continue;
      const own = stateNameOf(owner, property);
      const name = at === '' ? own : `${at}.${own}`;
      places.set(name, { name, owner, property, value });
    }
  return places;
}

/** Which tensor goes where. */
function borrowedIn(
  given: readonly Readonly<Record<string, Tensor>>[],
  places: ReadonlyMap<string, Place>,
  { tieWeights = true, strict = false }: FunctionalCallOptions,
): Map<Place, Tensor> {
  const named = new Map<string, Tensor>();
  for (const [name, value] of given.flatMap(Object.entries) as [string, Tensor][]) {
    if (named.has(name))
      throw new KindlingError(`functionalCall: '${name}' is in more than one of the objects`);
    if (!places.has(name))
      throw new KindlingError(
        `functionalCall: no parameter or buffer is called '${name}'; there are ${listed([...places.keys()])}`,
      );
    named.set(name, value);
  }
  const borrowed = new Map<Place, Tensor>();
  for (const place of places.values()) {
    const tied = tieWeights ? [...places.values()].filter(({ value }) => value === place.value) : [place];
    const values = new Set(tied.flatMap(({ name }) => named.get(name) ?? []));
    const [value] = values;
    if (values.size > 1)
      throw new ValueError(
        `functionalCall: ${listed(tied.map(({ name }) => name))} are one tensor in the module, and several were given; ` +
          'give one, or write { tieWeights: false }',
      );
    if (value !== undefined) borrowed.set(place, value);
  }
  const missing = [...places.values()].filter((place) => !borrowed.has(place));
  if (strict && missing.length > 0)
    throw new KindlingError(`functionalCall: ${listed(missing.map(({ name }) => name))} not given`);
  return borrowed;
}

const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ') || 'none';

const isHeld = ({ owner, property }: Place): boolean => heldBy(owner).has(property);

function valueAt(place: Place): Tensor {
  const { owner, property } = place;
  return (isHeld(place) ? heldBy(owner).get(property) : valueOf(owner, property)) as Tensor;
}

function put(place: Place, value: Tensor): void {
  const { owner, property } = place;
  if (isHeld(place)) heldBy<Tensor>(owner).set(property, value);
  else (owner as unknown as Record<string, Tensor>)[property] = value;
}
