/** The classes of a model: one for each class of the user's, with the parts that its instances construct. */
import type { Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import * as nn from '@kindling/nn';
import { ExportError } from '../../errors.ts';
import {
  type Argument,
  type Call,
  isValue,
  type ModuleCall,
  type Recording,
  valuesIn,
} from '../../recording/index.ts';
import { argumentsOf } from './arguments.ts';
import { Body, type Statement } from './body.ts';
import { construction, nonPersistent, torchClass } from './calls/index.ts';
import { emptyLike, markedLiteral, parameter, propertyOf, repeated } from './constructor-parts.ts';
import { type Draft, mapDraft, marksOfDraft, marksOfParts } from './drafts.ts';
import {
  call,
  flat,
  isAttribute,
  isIdentifier,
  list,
  marked,
  Names,
  type Py,
  prefixed,
  text,
  withMarks,
} from './text/index.ts';
import { type Unit, unitsOf } from './units.ts';

/** A class as it is written. */
export interface PythonClass extends Draft {
  readonly name: string;
  /** The parameters of the constructor. */
  readonly takes: readonly string[];
  /** Those of them that forward reads. */
  readonly keeps: readonly string[];
}

/** What a module holds itself, also what stands there twice. */
const partsOf = (module: AnyModule): [string, AnyModule][] =>
  module.namedModules({ removeDuplicate: false }).filter(([name]) => name !== '' && !name.includes('.'));

/** How an attribute is reached from its module. */
function attribute(holder: string, module: AnyModule, name: string): string {
  if (/^\d+$/.test(name)) {
    // A Sequential is asked by position, whatever the names are.
    if (module instanceof nn.Sequential)
      return `${holder}[${partsOf(module).findIndex(([part]) => part === name)}]`;
    if (module instanceof nn.ModuleList || module instanceof nn.ParameterList) return `${holder}[${name}]`;
  }
  if (module instanceof nn.ModuleDict || module instanceof nn.ParameterDict)
    return `${holder}[${text(name)}]`;
  return isAttribute(name) ? `${holder}.${name}` : `getattr(${holder}, ${text(name)})`;
}

/** `self.name = value`; by setattr, where the name is none of Python's. */
const assigned = (name: string, value: Py): { target: string; value: Py } =>
  isAttribute(name)
    ? { target: `self.${name}`, value }
    : { target: '', value: call('setattr', ['self', text(name), value]) };

/** How what has a dotted name is reached. */
export function reached(root: AnyModule, path: string, holder = 'self'): string {
  let [at, module]: [string, AnyModule | undefined] = [holder, root];
  for (const name of path === '' ? [] : path.split('.')) {
    at = attribute(at, module as AnyModule, name);
    module = module && (partsOf(module).find(([part]) => part === name)?.[1] ?? module);
  }
  return at;
}

/** The library's class that a module's class extends, and whether it calls that one's forward. */
function baseOf(module: AnyModule): { name: string; constructor: unknown; inherits: boolean } {
  let constructor: unknown = module.constructor;
  while (typeof constructor === 'function' && constructor !== nn.Module) {
    const name = torchClass({ constructor } as unknown as AnyModule);
    if (name !== null) {
      const { forward } = constructor.prototype as { forward: unknown };
      return { name, constructor, inherits: (module as unknown as { forward: unknown }).forward === forward };
    }
    constructor = Object.getPrototypeOf(constructor);
  }
  return { name: 'Module', constructor: nn.Module, inherits: false };
}

const containers: ReadonlySet<string> = new Set([
  'Sequential',
  'ModuleList',
  'ModuleDict',
  'ParameterList',
  'ParameterDict',
  'Module',
]);

export class Classes {
  readonly written: PythonClass[] = [];
  readonly #calls = new Map<
    AnyModule,
    { readonly training: ModuleCall[]; readonly evaluation: ModuleCall[] }
  >();
  /** What constructs each module of a user's class. */
  readonly #constructions = new Map<AnyModule, Py>();
  readonly #root: AnyModule;
  readonly #rootName: string;

  constructor(model: AnyModule, training: Recording, evaluation: Recording, rootName: string) {
    this.#root = model;
    this.#rootName = rootName;
    const gather = (body: readonly Call[], mode: 'training' | 'evaluation'): void => {
      for (const part of body) {
        if (part.kind === 'operation') continue;
        if (part.kind === 'module') {
          const calls = this.#calls.get(part.module) ?? { training: [], evaluation: [] };
          calls[mode].push(part);
          this.#calls.set(part.module, calls);
        }
        gather(part.body, mode);
      }
    };
    gather(training.body, 'training');
    gather(evaluation.body, 'evaluation');
    this.#writeAll();
  }

  /** Whether a class is written for a module. */
  #isUsers(module: AnyModule): boolean {
    return module === this.#root || torchClass(module) === null;
  }

  /** The user's modules, by how many lie one in another below them: those without first. */
  #levels(): AnyModule[][] {
    const levels: AnyModule[][] = [];
    const heights = new Map<AnyModule, number>();
    const heightOf = (module: AnyModule): number => {
      const known = heights.get(module);
      if (known !== undefined) return known;
      // What a layer of the library holds is its own.
      const opens =
        this.#isUsers(module) ||
        /^(?:Sequential|ModuleList|ModuleDict|Transformer.*coder)$/.test(torchClass(module) ?? '');
      const below = opens ? module.children().map(heightOf) : [];
      const height = Math.max(0, ...below) + (this.#isUsers(module) ? 1 : 0);
      heights.set(module, height);
      if (this.#isUsers(module)) {
        levels[height] ??= [];
        levels[height].push(module);
      }
      return height;
    };
    heightOf(this.#root);
    return levels.filter((level) => level !== undefined);
  }

  #writeAll(): void {
    const unique = (name: string): string => {
      let [found, n] = [name, 1];
      while (this.written.some((other) => other.name === found) || found === 'Module')
        found = `${name}${++n}`;
      return found;
    };
    for (const level of this.#levels()) {
      const groups = new Map<string, { readonly module: AnyModule; readonly draft: Draft }[]>();
      for (const module of level) {
        const draft = this.#draft(module);
        const blank = mapDraft(draft, () => '⟦⟧');
        const key = JSON.stringify([this.#nameOf(module), blank, blank.body.map(({ line }) => line)]);
        groups.set(key, [...(groups.get(key) ?? []), { module, draft }]);
      }
      for (const group of groups.values())
        this.#writeGroup(unique(this.#nameOf(group[0]?.module as AnyModule)), group);
    }
  }

  #nameOf(module: AnyModule): string {
    const { name } = module.constructor;
    if (module === this.#root) return this.#rootName;
    return isIdentifier(name) && !/^(?:Module|_)/.test(name) ? name : 'Part';
  }

  /** One class of instances that differ in numbers alone: these are its parameters. */
  #writeGroup(name: string, group: readonly { readonly module: AnyModule; readonly draft: Draft }[]): void {
    const marks = group.map(({ draft }) => marksOfDraft(draft));
    const [first = []] = marks;
    const columns = first.map((_, i) => marks.map((list) => list[i]?.value ?? ''));
    const differs = columns.map((column) => column.some((value) => value !== column[0]));
    const names = new Names();
    // A number that is kept must not take the place of a module.
    for (const { target } of group[0]?.draft.parts ?? []) names.fresh(target.replace('self.', ''));
    for (const [name, x] of Object.entries(group[0]?.module ?? {}))
      if (typeof x !== 'number') names.fresh(name);
    const parameters = new Map<string, string>();
    const nameOfColumn = columns.map((column, i) => {
      if (!differs[i]) return null;
      const key = column.join(' ');
      const known = parameters.get(key) ?? names.fresh(commonName(marks.map((list) => list[i]?.name)));
      parameters.set(key, known);
      return known;
    });
    const [{ draft } = { draft: null }] = group;
    if (draft === null) return;
    const inBody = marksOfParts(draft).length;
    let at = 0;
    const written = mapDraft(draft, ({ value }) => {
      const parameter = nameOfColumn[at] ?? null;
      const isBody = at++ >= inBody;
      return parameter === null ? value : isBody ? `self.${parameter}` : parameter;
    });
    const keeps = [...new Set(nameOfColumn.slice(inBody).filter((x) => x !== null))];
    const takes = [...parameters.values()];
    this.written.push({ ...written, name, takes, keeps });
    group.forEach(({ module }, k) => {
      const given = [...parameters.keys()].map((key, p) => marked(key.split(' ')[k] ?? '', takes[p]));
      this.#constructions.set(module, call(name, given));
    });
  }

  /** What constructs a module where it is an attribute of another. */
  #construction(module: AnyModule): Py {
    const known = this.#constructions.get(module);
    if (known !== undefined) return known;
    const name = torchClass(module);
    if (name === null) throw new ExportError(`${module.constructor.name}: a module holds itself`);
    if (!containers.has(name))
      return construction(module, name, module.constructor, markedLiteral, (part) =>
        this.#construction(part),
      );
    return call(`nn.${name}`, this.#contents(module, name));
  }

  /** What a container is constructed with. */
  #contents(module: AnyModule, name: string): Py[] {
    const children = partsOf(module).map(([key, child]) => [key, this.#construction(child)] as const);
    if (name === 'ModuleDict')
      return [{ head: '{', items: children.map(([key, x]) => prefixed(`${text(key)}: `, x)), tail: '}' }];
    if (name === 'ParameterDict')
      return [
        {
          head: '{',
          items: module
            .namedParameters({ recurse: false })
            .map(([key, p]) => prefixed(`${text(key)}: `, parameter(p))),
          tail: '}',
        },
      ];
    if (name === 'ParameterList')
      return [list(module.namedParameters({ recurse: false }).map(([, p]) => parameter(p)))];
    const items = children.map(([, x]) => x);
    if (name === 'ModuleList') return [repeated(items) ?? list(items)];
    if (children.every(([key], i) => key === String(i))) return items;
    return [
      call('OrderedDict', [
        list(children.map(([key, x]) => ({ head: '(', items: [text(key), x], tail: ')' }))),
      ]),
    ];
  }

  #draft(module: AnyModule): Draft {
    const { name, constructor, inherits } = baseOf(module);
    if (module.namedChildren().some(([child]) => child === 'parametrizations'))
      throw new ExportError(
        `${module.constructor.name}: a parametrized layer has no counterpart here: nn.utils.parametrize.removeParametrizations(layer, 'weight') first`,
      );
    const isContainer = containers.has(name);
    const ofBase =
      name === 'Module'
        ? []
        : isContainer
          ? this.#contents(module, name)
          : construction(module, name, constructor, markedLiteral, (part) => this.#construction(part));
    const given = Array.isArray(ofBase) ? ofBase : (ofBase as Exclude<Py, string>).items;
    const parts = name === 'Module' ? this.#parts(module) : [];
    const base = { base: `nn.${name}`, given, parts };
    const calls = this.#calls.get(module);
    if (inherits || calls === undefined || calls.training.length === 0)
      return { ...base, parameters: null, body: [], result: 'None', evaluation: null };
    const bodies = calls.training.map((one, i) => this.#forward(module, one, calls.evaluation[i]));
    const texts = bodies.map((body) => JSON.stringify([body, body.body.map(({ line }) => line)]));
    if (texts.some((other) => other !== texts[0]))
      throw new ExportError(
        `${module.constructor.name}: one module is called in different ways, which its forward in Python cannot tell apart ` +
          `(${calls.training.map(({ line }) => line).join(', ')}); give each way a module or method of its own`,
      );
    return { ...base, ...(bodies[0] as (typeof bodies)[number]) };
  }

  /** Parameters, buffers and submodules as they are made in a constructor. */
  #parts(module: AnyModule): { target: string; value: Py }[] {
    const saved = new Set(Object.keys(module.stateDict()));
    const parameters = module
      .namedParameters({ recurse: false })
      .map(([name, p]) => assigned(name, parameter(p)));
    const buffers = module.namedBuffers({ recurse: false }).map(([name, x]) => ({
      target: '',
      value: saved.has(name)
        ? call('self.register_buffer', [text(name), emptyLike(x)])
        : call('self.register_buffer', [text(name), nonPersistent(name, x), 'persistent=False']),
    }));
    const children = module.namedChildren().map(([name, child]) => assigned(name, this.#construction(child)));
    return [...parameters, ...buffers, ...children];
  }

  #forward(module: AnyModule, training: ModuleCall, evaluation: ModuleCall | undefined) {
    const inEval = new Set(
      (evaluation === undefined ? [] : unitsOf(evaluation.body)).filter((unit) => trains(unit)).map(nameOf),
    );
    const train = this.#bodyOf(module, training, (unit) => trains(unit) && !inEval.has(nameOf(unit)));
    if (evaluation === undefined || alike(training, evaluation)) return { ...train, evaluation: null };
    const { body, result } = this.#bodyOf(module, evaluation, () => false);
    return { ...train, evaluation: { body, result } };
  }

  #bodyOf(module: AnyModule, one: ModuleCall, followsMode: (unit: Unit) => boolean) {
    const paths = new Map<AnyModule, string>();
    for (const [path, part] of module.namedModules()) if (!paths.has(part)) paths.set(part, path);
    const state = new Map<Tensor, string>(
      [...module.namedParameters(), ...module.namedBuffers()].map(([name, x]) => [x, name]),
    );
    const body = new Body(one.body, one.result, {
      state: (tensor) => {
        const name = state.get(tensor);
        return name === undefined ? null : reached(module, name);
      },
      module: ({ module: part }) => {
        const path = paths.get(part);
        return path === undefined || path === '' ? null : reached(module, path);
      },
      followsMode,
    });
    const parameters: string[] = [];
    const unpacking: Statement[] = [];
    for (const { name, value } of argumentsOf(module, one.inputs)) {
      if (isValue(value)) {
        parameters.push(body.bind(value, name));
        continue;
      }
      const whole = body.names.fresh(name);
      parameters.push(whole);
      unpacking.push({
        target: flat(unpacked(value, body, name))
          .slice(1, -1)
          .replace(/^([^,]*)$/, '$1,'),
        value: whole,
        line: null,
      });
    }
    body.write();
    const named = (x: Py): Py =>
      withMarks(x, ({ name: mark, value }) => marked(value, propertyOf(module, value) ?? mark));
    return {
      parameters,
      body: [...unpacking, ...body.statements].map((s) => ({ ...s, value: named(s.value) })),
      result: named(body.result(one.result)),
    };
  }
}

const nameOf = (unit: Unit): string => (unit.kind === 'module' ? unit.path : unit.name);

/** Whether a function is told that it is training. */
const trains = (unit: Unit): boolean =>
  unit.kind === 'function' &&
  (unit.given.options as { readonly training?: Argument } | undefined)?.training === true;

/** Whether two calls do the same, but for what follows the mode. */
function alike(training: ModuleCall, evaluation: ModuleCall): boolean {
  const names = (one: ModuleCall): string =>
    unitsOf(one.body)
      .filter(
        (unit) =>
          !(
            unit.kind === 'function' &&
            unit.given.options !== undefined &&
            'training' in (unit.given.options as object)
          ),
      )
      .map(nameOf)
      .join();
  return names(training) === names(evaluation);
}

/** The names of what a nested argument holds. */
const unpacked = (x: Argument, body: Body, name: string): Py => {
  if (isValue(x)) return body.bind(x, name);
  const items = Array.isArray(x) ? x : Object.values(x as Record<string, Argument>);
  return {
    head: '(',
    items: items.map((item) => (valuesIn(item).length === 0 ? '_' : unpacked(item, body, name))),
    tail: items.length === 1 ? ',)' : ')',
  };
};

/** The name on which all agree. */
const commonName = ([first = 'value', ...others]: readonly (string | undefined)[]): string =>
  others.every((name) => name === first) ? first : 'value';
