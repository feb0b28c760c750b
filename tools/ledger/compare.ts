/** What becomes of each of PyTorch's names in Kindling. */
import { readFileSync } from 'node:fs';
import { camelCase } from '../../packages/core/src/index.ts';
import { names, operators, ways } from './otherwise.ts';
import { allPlaces, type Namespace, namespaces } from './places.ts';
import { type Reason, reasons } from './reasons.ts';

interface Recorded {
  readonly version: string;
  readonly modules: Record<string, string[]>;
  readonly databases: Record<'op_db' | 'module_db' | 'optim_db', string[]>;
}

/** What `record.py` wrote. */
export const pytorch = JSON.parse(
  readFileSync(new URL('fixtures/pytorch.json', import.meta.url), 'utf8'),
) as Recorded;

export type Fate =
  | { readonly kind: 'same' }
  | { readonly kind: 'otherwise'; readonly way: string }
  | { readonly kind: 'left out'; readonly reason: Reason }
  | { readonly kind: 'missing' };

/** A name of PyTorch's as Kindling would write it. */
export const ledgerName = camelCase;

/** Whether Kindling has a name, as a reader writes it: `nn.F.conv2d`, `x.add`, `acos`. */
function isThere(written: string): boolean {
  return allPlaces.some(
    ({ prefix, names }) => written.startsWith(prefix) && names.has(written.slice(prefix.length)),
  );
}

function otherName(torch: string, name: string): string | undefined {
  const written = names[`${torch}.${name}`] ?? names[name];
  if (written === undefined) return undefined;
  // A method is told by its method, where the same name is one.
  return torch === 'torch.Tensor' && isThere(`x.${written}`) ? `x.${written}` : written;
}

/** What becomes of one name of a namespace. */
function fateOf({ torch, places }: Namespace, name: string): Fate {
  const written = ledgerName(name);
  const [first, ...others] = places;
  if (first?.names.has(written)) return { kind: 'same' };
  const elsewhere = others.find((place) => place.names.has(written));
  const other = elsewhere === undefined ? otherName(torch, name) : elsewhere.prefix + written;
  if (other !== undefined) return { kind: 'otherwise', way: `\`${other}\`` };
  const way = ways[name] ?? operators[name];
  if (way !== undefined) return { kind: 'otherwise', way };
  const callable = torch === 'torch.Tensor' && [written, `nn.F.${written}`].find(isThere);
  if (callable) return { kind: 'otherwise', way: `\`${callable}(x)\`` };
  const reason = reasons.find((r) => r.namespaces?.includes(torch) || r.names.test(name));
  return reason === undefined ? { kind: 'missing' } : { kind: 'left out', reason };
}

export interface Account extends Namespace {
  readonly fates: ReadonlyMap<string, Fate>;
}

/** All namespaces, and what becomes of each of their names. */
export function accounts(): Account[] {
  return namespaces.map((namespace) => {
    const listed = pytorch.modules[namespace.torch];
    if (listed === undefined) throw new Error(`record.py did not record ${namespace.torch}`);
    return { ...namespace, fates: new Map(listed.map((name) => [name, fateOf(namespace, name)])) };
  });
}

/** What becomes of an entry of PyTorch's list of operations: `linalg.det`, `add`, `__radd__`. */
export function fateOfOperation(listed: string): Fate {
  const entry = listed.replace(/^torch\./, '');
  const cut = entry.lastIndexOf('.');
  const within = namespaces.find(({ torch }) => torch === `torch.${entry.slice(0, cut)}`);
  if (cut >= 0 && within !== undefined) return fateOf(within, entry.slice(cut + 1));
  const fates = ['torch', 'torch.Tensor'].map((torch) => {
    const namespace = namespaces.find((n) => n.torch === torch);
    return namespace === undefined ? { kind: 'missing' as const } : fateOf(namespace, entry);
  });
  const order: readonly Fate['kind'][] = ['same', 'otherwise', 'left out', 'missing'];
  const [best] = fates.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  return best ?? { kind: 'missing' };
}

/** Names of the tables that name nothing: Kindling has no such name, or PyTorch has none. */
export function idle(): string[] {
  const known = new Set([...Object.values(pytorch.modules).flat(), ...pytorch.databases.op_db]);
  const bare = (key: string): string => key.slice(key.lastIndexOf('.') + 1);
  return [
    ...Object.values(names).filter((written) => !isThere(written)),
    ...[...Object.keys(names), ...Object.keys(ways), ...Object.keys(operators)].filter(
      (key) => !known.has(bare(key)),
    ),
  ];
}
