/** The page docs/ledger.md; `pnpm docs:ledger` writes it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beyond } from './beyond.ts';
import { type Account, accounts, type Fate, fateOfOperation, pytorch } from './compare.ts';
import { reasons } from './reasons.ts';

const packages = join(import.meta.dirname, '../../packages');
const code = (name: string): string => `\`${name}\``;
const listed = (names: readonly string[]): string => names.map(code).join(', ');
const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

const kinds: readonly Fate['kind'][] = ['same', 'otherwise', 'left out', 'missing'];

const namesOf = ({ fates }: Account, kind: Fate['kind']): string[] =>
  [...fates].filter(([, fate]) => fate.kind === kind).map(([name]) => name);

const count = (fates: readonly Fate[], kind: Fate['kind']): number =>
  fates.filter((fate) => fate.kind === kind).length;

function counts(all: readonly Account[]): string {
  const row = (title: string, fates: readonly Fate[]): string =>
    line([title, fates.length, ...kinds.map((kind) => count(fates, kind))]);
  return [
    line(['PyTorch', 'Names', 'The same name', 'Said otherwise', 'Left out', 'Missing']),
    line(['---', ...Array.from({ length: 5 }, () => '---:')]),
    ...all.map(({ torch, fates }) => row(code(torch), [...fates.values()])),
    row(
      'all',
      all.flatMap(({ fates }) => [...fates.values()]),
    ),
  ].join('\n');
}

const missing = (all: readonly Account[]): string =>
  all
    .map((account) => ({ account, names: namesOf(account, 'missing') }))
    .filter(({ names }) => names.length > 0)
    .map(({ account: { torch }, names }) => `- **${code(torch)}** (${names.length}): ${listed(names)}`)
    .join('\n');

function otherwise({ torch, fates }: Account): string {
  const ways = [...fates].flatMap(([name, fate]) =>
    fate.kind === 'otherwise' ? [line([code(name), fate.way])] : [],
  );
  if (ways.length === 0) return '';
  return [`### ${torch}`, '', line(['PyTorch', 'Kindling']), line(['---', '---']), ...ways, ''].join('\n');
}

function leftOut(all: readonly Account[]): string {
  const sections = reasons.map((reason) => {
    const found = all
      .map(({ torch, fates }) => ({
        torch,
        names: [...fates].flatMap(([name, fate]) =>
          fate.kind === 'left out' && fate.reason === reason ? [name] : [],
        ),
      }))
      .filter(({ names }) => names.length > 0);
    const total = found.reduce((sum, { names }) => sum + names.length, 0);
    return [
      `### ${reason.title}`,
      '',
      `${reason.why} ${total} names.`,
      '',
      ...found.map(({ torch, names }) => `- ${code(torch)}: ${listed(names)}`),
      '',
    ].join('\n');
  });
  return sections.join('\n');
}

/** The operations, modules and optimizers of which the committed fixtures hold samples. */
function sampled(): ReadonlySet<string> {
  const names = new Set<string>();
  for (const name of readdirSync(packages)) {
    const folder = join(packages, name, 'test/fixtures');
    const files = readdirSync(join(packages, name, 'test')).includes('fixtures')
      ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'))
      : [];
    for (const path of files) {
      const text = readFileSync(join(folder, path), 'utf8');
      for (const [, op] of text.matchAll(/^\{"op":"([^"]+)"/gm)) if (op !== undefined) names.add(op);
    }
  }
  return names;
}

function databases(all: readonly Account[]): string {
  const { op_db: operations, module_db: modules, optim_db: optimizers } = pytorch.databases;
  const drawn = sampled();
  const fates = operations.map((name) => ({ name, fate: fateOfOperation(name) }));
  const of = (kind: Fate['kind']): string[] =>
    fates.filter(({ fate }) => fate.kind === kind).map(({ name }) => name);
  const has = (torch: string, names: readonly string[]): string[] => {
    const account = all.find((a) => a.torch === torch);
    return names.filter((name) => account?.fates.get(name)?.kind === 'same');
  };
  const there = has('torch.nn', modules);
  const steps = has('torch.optim', optimizers);
  const without = (names: readonly string[], found: readonly string[]): string => {
    const lost = names.filter((name) => !found.includes(name));
    return lost.length === 0 ? '' : `; not there: ${listed(lost)}`;
  };
  return `- \`op_db\`: ${of('same').length + of('otherwise').length} of ${operations.length} operations can be called, ${of('otherwise').length} of
  them by another name. The fixtures in the repository hold samples of ${operations.filter((name) => drawn.has(name)).length}, with PyTorch's results and
  gradients; the others are tested by properties and by values of their own.
- \`module_db\`: ${there.length} of ${modules.length} modules${without(modules, there)}.
- \`optim_db\`: ${steps.length} of ${optimizers.length} optimizers${without(optimizers, steps)}. \`SparseAdam\` is a name that says what to use in its place.
- Left out of \`op_db\` on purpose: ${listed(of('left out'))}.
- Missing of \`op_db\`: ${listed(of('missing'))}.`;
}

/** The text of the page. */
export function page(): string {
  const all = accounts();
  const fates = all.flatMap(({ fates }) => [...fates.values()]);
  const wanted = fates.length - count(fates, 'left out');
  const there = count(fates, 'same') + count(fates, 'otherwise');
  return `---
title: The ledger
description: Every public name of PyTorch ${pytorch.version}, and what became of it in Kindling, made from the code.
---

# The ledger

<!-- Made by \`pnpm docs:ledger\` from tools/ledger and the exports of the packages. Do not edit. -->

Every public name of PyTorch ${pytorch.version}, held against what the packages of Kindling export. The page is made from the code, and a test
sees to it that it is what the code says. Of ${fates.length} names ${count(fates, 'left out')} are left out on purpose; of the other ${wanted}, ${there} are there and
${count(fates, 'missing')} are missing.

- **The same name**: in camelCase, in the namespace that is the counterpart. \`torch\` is \`@kindling/core\`; \`nn\` and \`optim\` are the packages of
  these names; \`linalg\`, \`special\`, \`masked\`, \`signal\`, \`autograd\` and \`data\` are exports of core. \`x\` stands for a tensor.
- **Said otherwise**: under another name, in another place, or in the language's own way.
- **Left out**: on purpose, for the reason that is given.
- **Missing**: all that remains. It would belong here.

A name says that something is there. Whether it does what PyTorch's does is what the tests are for; where it differs on purpose stands in
[from PyTorch](from-pytorch.md). PyTorch's in-place variants count as names of their own.

## The counts

${counts(all)}

## What is missing

${missing(all)}

## PyTorch's test databases

PyTorch keeps lists of what it tests, with samples. \`tools/oracle\` of this repository draws from them.

${databases(all)}

## Beyond PyTorch

What the packages export and PyTorch has not. (Types are not counted.)

${beyond(all)
  .map(({ title, names }) => `- **${title}** (${names.length}): ${listed(names)}`)
  .join('\n')}

## Said otherwise

${all.map(otherwise).filter(Boolean).join('\n')}
## Left out

${leftOut(all)}`;
}
