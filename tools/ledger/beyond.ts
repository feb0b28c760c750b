/** What Kindling exports that PyTorch does not have. */
import * as callables from '../../packages/core/src/arguments/index.ts';
import * as core from '../../packages/core/src/index.ts';
import * as foreign from '../../packages/core/src/record/foreign/index.ts';
import * as record from '../../packages/core/src/record/index.ts';
import * as metrics from '../../packages/metrics/src/index.ts';
import * as nn from '../../packages/nn/src/index.ts';
import * as optim from '../../packages/optim/src/index.ts';
import { type Account, ledgerName } from './compare.ts';
import { allPlaces } from './places.ts';

interface Beyond {
  readonly title: string;
  readonly names: readonly string[];
}

/** What those use who write operations of their own. */
const building: ReadonlySet<string> = new Set(
  [callables, foreign, record].flatMap((room) => Object.keys(room)),
);

/** Names of a package that hold other names: `autograd`, `F`. They have no prototype. */
const holders = (prefix: string, exports: object): string[] =>
  Object.entries(exports)
    .filter(([, value]) => Object.prototype.toString.call(value) === '[object Module]')
    .map(([name]) => prefix + name);

const namespaces: ReadonlySet<string> = new Set([
  ...holders('', core),
  ...holders('nn.', nn),
  ...holders('optim.', optim),
]);

const sorted = (names: readonly string[]): string[] => names.toSorted((a, b) => a.localeCompare(b, 'en'));

/** The exports that none of PyTorch's names is said by, in groups. */
export function beyond(accounts: readonly Account[]): Beyond[] {
  const last = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
  const said = new Set(accounts.flatMap(({ fates }) => [...fates.keys()].map(ledgerName)));
  const used = new Set(
    accounts.flatMap(({ fates }) =>
      [...fates.values()].map((fate) => (fate.kind === 'otherwise' ? fate.way.replaceAll('`', '') : '')),
    ),
  );
  const rest = (...prefixes: string[]): string[] =>
    sorted(
      allPlaces
        .filter(({ prefix }) => prefixes.includes(prefix))
        .flatMap(({ prefix, names }) => [...names].map((name) => prefix + name))
        .filter((name) => !said.has(last(name)) && !used.has(name) && !namespaces.has(name)),
    );
  const own = rest('', 'autograd.');
  return [
    { title: 'Layers and losses, `@kindling/nn`', names: rest('nn.') },
    { title: 'Their functions, `nn.F`', names: rest('nn.F.') },
    { title: 'Optimizers and schedules, `@kindling/optim`', names: rest('optim.', 'optim.lrScheduler.') },
    {
      title: 'Metrics, `@kindling/metrics`',
      names: sorted(Object.keys(metrics).map((name) => `metrics.${name}`)),
    },
    {
      title: 'Tensors, files, compiling and drawing, `@kindling/core`',
      names: own.filter((name) => !building.has(name)),
    },
    {
      title: 'For operations of your own, `@kindling/core`',
      names: own.filter((name) => building.has(name)),
    },
  ];
}
