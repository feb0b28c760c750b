import { AutogradError, formatShape, K, type Tensor, ValueError } from '@kindling/core';
import { snakeCase } from './naming.ts';

/** Parameters that share their options. */
export type ParamGroup<O> = O & {
  /** The parameters. */
  params: Tensor[];
  /** The learning rate at which a scheduler began. */
  initialLr?: number;
};

/** What an optimizer is made for: parameters, or groups of them with options of their own. */
export type Params<O> = Iterable<Tensor> | Iterable<Partial<O> & { params: Tensor | Iterable<Tensor> }>;

type Kinds = Readonly<Record<string, K.Kind>>;

/** Whether a value stands for a group: options with parameters. */
export const isGroup = (x: unknown): x is Record<string, unknown> => K.isOptions(x) && !isIterable(x);

/** Whether a value gives others one by one. */
export const isIterable = (x: unknown): x is Iterable<unknown> =>
  typeof x === 'object' && x !== null && Symbol.iterator in x;

/** An object with parameters. */
export const aGroup = /* @__PURE__ */ K.kind(
  'a parameter group such as { params: model.parameters(), lr: 0.1 }',
  (x) => isGroup(x) && 'params' in x,
);

/** What schedulers keep with a group. */
const kept: Kinds = {
  initialLr: K.finite,
  maxLr: K.finite,
  minLr: K.finite,
  maxMomentum: K.finite,
  baseMomentum: K.finite,
};

/** What a group takes beside its parameters. */
export const groupKinds = (kinds: Kinds): K.Kinds<Record<string, unknown>> => ({ ...kinds, ...kept });

/**
 * Checks parameters that are to become a group beside others.
 * @throws AutogradError for a tensor that is no leaf, ValueError for one that stands there twice
 */
export function checkParameters(
  caller: string,
  params: readonly Tensor[],
  others: readonly { params: readonly Tensor[] }[],
): void {
  for (const [i, p] of params.entries()) {
    if (p.isLeaf) continue;
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
}

/** The options of each group, as PyTorch prints them. */
export function formatGroups(groups: readonly object[]): string {
  const texts = groups.map((group, i) => {
    const lines = Object.entries(group)
      .filter(([key]) => key !== 'params')
      .map(([key, value]) => `    ${snakeCase(key)}: ${formatOption(value)}`)
      .sort();
    return `Parameter Group ${i}\n${lines.join('\n')}`;
  });
  return texts.join('\n\n');
}

function formatOption(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return Array.isArray(value) ? `(${value.map(formatOption).join(', ')})` : String(value);
}
