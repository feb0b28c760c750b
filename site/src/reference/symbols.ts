/** Finds the page of a name as guides write it: `Linear`, `nn.Linear`, `F.huberLoss`, `x.reshape`, `manualSeed(0)`. */
import type { SymbolPages } from './typedoc/symbols.ts';

/** Where an owner is looked for: a package, and what stands before the name in it. */
interface Scope {
  readonly packages: readonly string[];
  readonly prefix: string;
}

/** Bare names are looked for in this order; nobody imports both of two that are alike. */
const packageOrder = [
  'core',
  'nn',
  'optim',
  'metrics',
  'distributions',
  'interop',
  'tensorboard',
  'core/node',
  'core/testing',
].map((name) => `@kindling/${name}`);

const inPackage = (name: string, prefix = ''): Scope => ({ packages: [`@kindling/${name}`], prefix });
const instanceOf = (name: string, type: string): Scope => inPackage(name, `${type}.`);

/** What guides call things: packages as they are imported, and variables by what they hold. */
const owners: Readonly<Record<string, Scope>> = {
  core: inPackage('core'),
  kindling: inPackage('core'),
  nn: inPackage('nn'),
  optim: inPackage('optim'),
  metrics: inPackage('metrics'),
  distributions: inPackage('distributions'),
  interop: inPackage('interop'),
  F: inPackage('nn', 'F.'),
  functional: inPackage('nn', 'F.'),
  init: inPackage('nn', 'init.'),
  lrScheduler: inPackage('optim', 'lrScheduler.'),
  ...Object.fromEntries(
    ['x', 'y', 'a', 'b', 't', 'p', 'w', 'loss', 'logits', 'tensor', 'input', 'target', 'weight', 'bias'].map(
      (name) => [name, instanceOf('core', 'Tensor')],
    ),
  ),
  ...Object.fromEntries(
    ['model', 'net', 'module', 'layer', 'lossFn', 'this'].map((name) => [name, instanceOf('nn', 'Module')]),
  ),
  optimizer: instanceOf('optim', 'Optimizer'),
  scheduler: instanceOf('optim', 'lrScheduler.LRScheduler'),
  loader: instanceOf('core', 'data.DataLoader'),
  checkpoint: instanceOf('core', 'Checkpoint'),
  program: instanceOf('core', 'Program'),
};

const builtIns: readonly object[] = [Array, String, Number, Promise, Map, Set, Function, RegExp].map(
  ({ prototype }) => prototype,
);

/** Whose members others inherit: they stand on these pages only. */
const bases = [
  instanceOf('core', 'Tensor'),
  instanceOf('nn', 'Module'),
  instanceOf('optim', 'Optimizer'),
  instanceOf('optim', 'lrScheduler.LRScheduler'),
];

/**
 * Where guides leave the owner out: `DataLoader` of data, `StepLR` of schedulers, and members of what every program
 * has.
 */
const unsaid: readonly Scope[] = [
  inPackage('nn', 'F.'),
  inPackage('core', 'data.'),
  inPackage('core', 'autograd.'),
  inPackage('optim', 'lrScheduler.'),
  inPackage('nn', 'swaUtils.'),
  inPackage('nn', 'utils.'),
  instanceOf('core', 'Tensor'),
  instanceOf('optim', 'Optimizer'),
  instanceOf('nn', 'Module'),
];

export class SymbolTable {
  readonly #pages: SymbolPages;

  constructor(pages: SymbolPages) {
    this.#pages = pages;
  }

  /** The page of a name in a scope, from the folder of the reference. */
  #lookUp({ packages, prefix }: Scope, name: string): string | undefined {
    for (const pack of packages) {
      const names = this.#pages[pack];
      if (names !== undefined && Object.hasOwn(names, prefix + name)) return names[prefix + name];
    }
    return undefined;
  }

  /** The page of what is imported from a package under a name. */
  ofImport(specifier: string, name: string): string | undefined {
    return this.#lookUp({ packages: [specifier], prefix: '' }, name);
  }

  /** The page of a name in code, `nn.Linear` or `optim.lrScheduler.StepLR`. */
  ofPath(path: string): string | undefined {
    const [first = '', ...rest] = path.split('.');
    if (rest.length === 0) return this.#lookUp({ packages: packageOrder, prefix: '' }, first);
    const scope = Object.hasOwn(owners, first) ? owners[first] : undefined;
    const found =
      this.#lookUp({ packages: packageOrder, prefix: '' }, path) ??
      (scope && this.#lookUp(scope, rest.join('.'))) ??
      this.#inherited(path);
    return found;
  }

  /** `Linear.parameters`, which is Module's. */
  #inherited(path: string): string | undefined {
    const [owner = '', member = ''] = path.split(/\.(?=[^.]*$)/);
    const type = this.ofPath(owner);
    if (type === undefined || !/[A-Z]\w*\.html$/.test(type)) return undefined;
    return bases.map((base) => this.#lookUp(base, member)).find((page) => page !== undefined);
  }

  /**
   * The page that inline code of a guide speaks of. Single words in lower case are mostly prose or parameters (`dim`,
   * `data`): they are names only where they are called.
   */
  ofInlineCode(code: string): string | undefined {
    const parts = /^(?:new )?([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)(\([\s\S]*\))?$/.exec(code.trim());
    if (parts === null) return undefined;
    const [, path = '', call] = parts;
    const isWord = /^[a-z0-9_]+$/.test(path);
    if (isWord && call === undefined) return undefined;
    return this.ofPath(path) ?? (path.includes('.') ? undefined : this.#unsaid(path));
  }

  #unsaid(name: string): string | undefined {
    if (name in Object.prototype) return undefined;
    return unsaid.map((scope) => this.#lookUp(scope, name)).find((page) => page !== undefined);
  }

  /** The page of a member of what guides call `x`, `model` or `optimizer`. */
  ofMember(owner: string, member: string): string | undefined {
    const scope = Object.hasOwn(owners, owner) ? owners[owner] : undefined;
    return scope?.prefix.endsWith('.') ? this.#lookUp(scope, member) : undefined;
  }

  /** The page of a method of tensors that nothing else has, in the middle of a chain of calls. */
  ofChained(method: string): string | undefined {
    const ofOthers = builtIns.some((type) => method in type) || this.ofMember('model', method) !== undefined;
    return ofOthers ? undefined : this.ofMember('tensor', method);
  }
}
