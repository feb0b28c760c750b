/** Turns PyTorch's arguments into Kindling's: a signature names them, those after `|` go into the options object. */

/** A leading underscore, of what PyTorch calls private, stays. */
export const camelCase = (name: string): string =>
  name.replace(/(?<=[A-Za-z0-9])_([a-z0-9])/g, (_, c: string) => c.toUpperCase());

export interface Signature {
  /** In Kindling's order. */
  readonly positional: readonly string[];
  readonly optional: readonly string[];
}

/** `'input dim | keepdim dtype'`: PyTorch's order of parameters is the order of the names. */
export function parseSignature(text: string): Signature {
  const [left = '', right = ''] = text.split('|');
  const names = (part: string): string[] => part.split(' ').filter((n) => n !== '');
  return { positional: names(left), optional: names(right) };
}

/** Arguments by PyTorch's names. */
export function bindNames(
  signature: Signature,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): Map<string, unknown> {
  const names = [...signature.positional, ...signature.optional];
  if (args.length > names.length) throw new Error(`${args.length} arguments for (${names.join(', ')})`);
  const bound = new Map<string, unknown>();
  for (let i = 0; i < args.length; i++) bound.set(names[i]!, args[i]);
  for (const [name, value] of Object.entries(kwargs)) {
    if (!names.includes(name)) throw new Error(`no parameter '${name}' in (${names.join(', ')})`);
    bound.set(name, value);
  }
  return bound;
}

/** Options with camelCase names; null, Python's None, stands for "not given". */
export function optionsOf(given: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of given) {
    if (value !== undefined && value !== null) options[camelCase(name)] = value;
  }
  return options;
}

/** Kindling's argument list. */
export function argumentList(signature: Signature, bound: ReadonlyMap<string, unknown>): unknown[] {
  const list: unknown[] = signature.positional.map((name) => bound.get(name) ?? undefined);
  const options = optionsOf(signature.optional.map((name) => [name, bound.get(name)] as const));
  if (Object.keys(options).length > 0) list.push(options);
  else while (list.length > 0 && list[list.length - 1] === undefined) list.pop();
  return list;
}
