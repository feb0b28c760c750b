import {
  AutogradError,
  FrozenError,
  formatShape,
  K,
  numberOnHost,
  Tensor,
  tensorList,
  ValueError,
} from '@kindling/core';
import { ofOptimizers } from './naming.ts';

/** Parameters that share their options. */
export type ParamGroup<O> = O & {
  /**
   * The learning rate. Where a tensor was given it is that tensor, which counts as its number in arithmetic; so are
   * betas.
   */
  lr: number;
  /** The parameters. */
  params: Tensor[];
  /** The names of the parameters, where they were given with names. */
  paramNames?: readonly string[];
  /** The learning rate at which a scheduler began. */
  initialLr?: number;
} & (O extends { betas: unknown } ? { betas: readonly [number, number] } : unknown);

/** A group as it is given: one parameter or several, as they are or each with its name. */
export type GivenGroup<O> = Partial<O> & {
  /** The parameters: one, a list, or pairs of names and parameters, as `model.namedParameters()` gives. */
  params: Tensor | Iterable<Tensor> | Iterable<readonly [name: string, parameter: Tensor]>;
};

/** What an optimizer is made for: parameters, parameters with names, or groups of them with options of their own. */
export type Params<O> =
  | Iterable<Tensor>
  | Iterable<readonly [name: string, parameter: Tensor]>
  | Iterable<GivenGroup<O>>;

type Kinds = Readonly<Record<string, K.Kind>>;

/** Whether a value stands for a group: options with parameters. */
const isGroup = (x: unknown): x is Record<string, unknown> => K.isOptions(x) && !isIterable(x);

/** Whether a value gives others one by one, which may be parameters: numbers of a typed array are none. */
const isIterable = /* @__PURE__ */ K.whereReadable(
  (x): x is Iterable<unknown> =>
    typeof x === 'object' &&
    x !== null &&
    !ArrayBuffer.isView(x) &&
    typeof (x as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function',
);

/** What a value gives, to what is surely no part of an optimizer: it may go on for ever. */
function itemsOf(given: Iterable<unknown>): unknown[] {
  const items: unknown[] = [];
  for (const item of given) {
    items.push(item);
    if (typeof item !== 'object' || item === null) break;
  }
  return items;
}

/** Whether a value is one tensor, where many are expected. */
const isTensor = /* @__PURE__ */ K.whereReadable((x): x is Tensor => x instanceof Tensor);

/** An object with parameters. */
export const aGroup = /* @__PURE__ */ K.kind(
  'a parameter group such as { params: model.parameters(), lr: 0.1 }',
  (x) => isGroup(x) && 'params' in x,
);

/** Refuses groups to which nothing can be written, before the first of them is. */
export function requireOpenGroups(caller: string, groups: readonly object[]): void {
  if (groups.some((group) => Object.isFrozen(group))) throw new FrozenError(caller, 'parameter group');
}

/** Refuses groups to which nothing can be added. */
export function requireExtensible(caller: string, groups: readonly object[]): void {
  if (!groups.every((group) => Object.isExtensible(group))) throw new FrozenError(caller, 'parameter group');
}

/**
 * What an optimizer is given, as groups.
 * @throws ValueError for a tensor or a group that stands alone, and for an empty list
 */
export function groupsOf(name: string, params: unknown): readonly unknown[] {
  if (isTensor(params)) {
    throw new ValueError(
      `${name}: params argument given to the optimizer should be an iterable of Tensors or groups, got a Tensor; write ` +
        `new ${name}([tensor])`,
    );
  }
  if (isGroup(params))
    throw new ValueError(`${name}: groups stand in a list; write new ${name}([{ params }])`);
  const listed: unknown[] | null = isIterable(params) ? itemsOf(params) : null;
  if (listed?.length === 0) throw new ValueError(`${name}: optimizer got an empty parameter list`);
  return listed !== null && isGroup(listed[0]) ? listed : [{ params: listed ?? params }];
}

/** What schedulers keep with a group. */
const kept: Kinds = {
  initialLr: K.finite,
  maxLr: K.finite,
  minLr: K.finite,
  maxMomentum: K.finite,
  baseMomentum: K.finite,
  swaLr: K.finite,
};

/** What a group takes beside its parameters. */
export const groupKinds = (kinds: Kinds): K.Kinds<Record<string, unknown>> => ({ ...kinds, ...kept });

const isNamed = /* @__PURE__ */ K.whereReadable(
  (x): x is readonly [string, unknown] => Array.isArray(x) && x.length === 2 && typeof x[0] === 'string',
);

/**
 * The parameters of a group, and their names where each came with one.
 * @throws DTypeError for what is no tensor, ValueError for no list, and where some have names and others not
 */
export function parametersOf(
  caller: string,
  given: unknown,
): { params: Tensor[]; paramNames?: readonly string[] } {
  const list = isTensor(given) || !isIterable(given) ? [] : itemsOf(given);
  if (!list.some(isNamed)) {
    // What can be iterated once only has been by now; a model or a number is refused by its own name.
    const once = isIterable(given) && (given[Symbol.iterator]() as unknown) === given;
    return { params: tensorList(caller, 'params', (once ? list : given) as Iterable<Tensor>) };
  }
  if (!list.every(isNamed)) {
    throw new ValueError(
      `${caller}: all optimizer params should be with/without names: ${list.filter(isNamed).length} of ${list.length} have names; ` +
        'give model.parameters() or model.namedParameters()',
    );
  }
  const params = list.map(([, parameter]) => parameter) as Tensor[];
  return { params: tensorList(caller, 'params', params), paramNames: list.map(([name]) => name) };
}

type Members = { readonly params: readonly Tensor[]; readonly paramNames?: readonly string[] };

/**
 * Checks parameters that are to become a group beside others.
 * @throws AutogradError for a tensor that is no leaf, unless steps are to be `differentiable`; ValueError for one that
 *   stands there twice, and for names in one group only
 */
export function checkParameters(
  caller: string,
  { params, paramNames }: Members,
  others: readonly Members[],
  differentiable = false,
): void {
  for (const [i, p] of params.entries()) {
    if (p.isLeaf || differentiable) continue;
    throw new AutogradError(
      `${caller}: can't optimize a non-leaf Tensor: parameter ${i}, of shape ${formatShape(p.shape)}, was made by ` +
        `${p.gradFn?.name}; pass the tensor that it was computed from, or detach it`,
    );
  }
  const own = new Set(params);
  if (own.size !== params.length)
    throw new ValueError(`${caller}: optimizer contains a parameter group with duplicate parameters`);
  if (others.some((group) => group.params.some((p) => own.has(p))))
    throw new ValueError(`${caller}: some parameters appear in more than one parameter group`);
  const named = paramNames !== undefined;
  if (others.some((group) => (group.paramNames !== undefined) !== named)) {
    throw new ValueError(
      `${caller}: all optimizer param groups should be with/without names: cannot add a group ${named ? 'with' : 'without'} names to ` +
        `groups ${named ? 'without' : 'with'} names`,
    );
  }
}

/** The options of each group, as PyTorch prints them. */
export function formatGroups(groups: readonly object[]): string {
  const texts = groups.map((group, i) => {
    const lines = Object.entries(group)
      .filter(([key]) => key !== 'params')
      .map(([key, value]) => `    ${ofOptimizers.snakeCase(key)}: ${formatOption(value)}`)
      .sort();
    return `Parameter Group ${i}\n${lines.join('\n')}`;
  });
  return texts.join('\n\n');
}

function formatOption(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return formatNumber(value);
  // As Python formats it: within a list as it is printed.
  if (value instanceof Tensor && value.ndim === 0) return formatNumber(value.item());
  if (!Array.isArray(value)) return String(value);
  if (value.some((x) => typeof x === 'string')) return `[${value.map((x) => `'${x}'`).join(', ')}]`;
  return `(${value.map((x) => (x instanceof Tensor ? String(x) : formatOption(x))).join(', ')})`;
}

/** As Python writes it: below 1e-4 by a power of ten, of two digits at least. */
function formatNumber(x: number): string {
  const text = x !== 0 && Math.abs(x) < 1e-4 ? x.toExponential() : String(x);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** The options of groups, one after the other, of a tensor what it holds too. */
export const optionsOf = (groups: readonly object[]): unknown[] =>
  groups.flatMap((group) =>
    Object.entries(group).flatMap(([key, value]: [string, unknown]) => (key === 'params' ? [] : held(value))),
  );

function held(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(held);
  return value instanceof Tensor ? [value, numberOnHost(value)] : [value];
}

/** Options with lists of their own, as betas are: those of the caller, and of the defaults of a class, are others' too. */
export const withOwnLists = <O extends object>(options: O): O =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]: [string, unknown]) => [
      key,
      Array.isArray(value) ? [...value] : value,
    ]),
  ) as O;

/** Whether two lists hold the same values. */
export function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
