/** A right call, or several, of every function, class and method that users can name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '@kindling/core';
import * as node from '@kindling/core/node';
import * as distributions from '@kindling/distributions';
import * as interop from '@kindling/interop';
import * as metrics from '@kindling/metrics';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import * as tensorboard from '@kindling/tensorboard';
import { examplesOf } from '../doctest/index.ts';
import { exampleScope } from '../support/scope.ts';
import { packages, sourceFiles } from '../support/sources.ts';
import { anew, type Call, type Callable, isClass, run } from './call.ts';
import { given } from './given.ts';
import { isNamespace, methodsOf, recorded } from './recorded.ts';
import { searched } from './searched.ts';

/**
 * What builds expressions, kinds of arguments and errors: not called on what users bring. And what no user constructs.
 */
const others =
  /^(E|K)\.|Error$|^(signature|checkArguments|refuseExcess|composition|alias|withoutUndefined|camelCase|snakeCase|calledAs|INPUT|Tensor|Storage|autograd\.(Node|FunctionContext))$/;

/** Every public function and class with the paths under which it is exported. */
function exportedFunctions(): Map<Callable, string[]> {
  const paths = new Map<Callable, string[]>();
  const collect = (namespace: object, path: string): void => {
    for (const [name, value] of Object.entries(namespace)) {
      if (isNamespace(value)) collect(value, `${path}${name}.`);
      else if (typeof value === 'function' && !others.test(path + name))
        paths.set(value as Callable, [...(paths.get(value as Callable) ?? []), path + name]);
    }
  };
  collect(core, '');
  collect(nn, 'nn.');
  collect(optim, 'optim.');
  collect(node, 'node.');
  collect(metrics, 'metrics.');
  collect(distributions, 'distributions.');
  collect(tensorboard, 'tensorboard.');
  collect(interop, 'interop.');
  return paths;
}

/** The methods that no user calls: those that their classes keep to themselves, or override to have something. */
function hiddenMethods(): ReadonlySet<string> {
  const hidden = new Set<string>(['constructor', 'registered', 'getExtraState', 'setExtraState']);
  for (const path of sourceFiles()) {
    const text = readFileSync(join(packages, path), 'utf8');
    for (const [, name] of text.matchAll(/^\s+(?:protected|private) (?:\w+ )*(\w+)[(<]/gm))
      hidden.add(name as string);
  }
  return hidden;
}

/** What the arguments of a call are: of calls alike one is enough. */
const kindsOf = (args: readonly unknown[]): string =>
  args
    .map((x) => (x instanceof core.Tensor ? `tensor${x.ndim}` : Array.isArray(x) ? 'array' : typeof x))
    .join();

/** At most two calls that differ, those with the most arguments. */
function differing(calls: readonly Call[]): Call[] {
  const byKinds = new Map<string, Call>();
  const count = (call: Call) => call.args().length;
  for (const call of calls.toSorted((a, b) => count(b) - count(a))) {
    const kinds = kindsOf(call.args());
    if (!byKinds.has(kinds)) byKinds.set(kinds, call);
  }
  return [...byKinds.values()].slice(0, 2);
}

export interface PublicCalls {
  readonly calls: readonly Call[];
  /** The paths of what no right arguments were found for. */
  readonly missing: readonly string[];
}

/** Right calls from the examples of the documentation, from a table, or else found by trying. */
export async function publicCalls(): Promise<PublicCalls> {
  const scope = exampleScope(nn, optim);
  const examples = sourceFiles().flatMap((path) =>
    examplesOf(path, readFileSync(join(packages, path), 'utf8')),
  );
  const byFunction = new Map<Callable, Call[]>();
  for (const call of await recorded(examples, scope))
    byFunction.set(call.f, [...(byFunction.get(call.f) ?? []), call]);

  const calls: Call[] = [];
  const missing: string[] = [];
  const add = (
    path: string,
    names: readonly string[],
    f: Callable,
    self: () => unknown,
  ): Call | undefined => {
    const found = differing(byFunction.get(f) ?? []).filter(succeeds);
    if (found.length === 0) {
      const args = searched((tried) => run({ f, self }, tried));
      if (args !== null) found.push({ path, names, f, self, args: () => args.map(anew) });
    }
    if (found.length === 0) missing.push(path);
    calls.push(...found.map((call) => ({ ...call, path, names })));
    return found[0];
  };
  const addGiven = (call: Call): Call | undefined => {
    if (succeeds(call)) calls.push(call);
    else missing.push(call.path);
    return call;
  };

  const nowhere = () => undefined;
  const instances: [path: string, make: () => object][] = [['Tensor', square]];
  for (const [f, paths] of exportedFunctions()) {
    const path = paths[0] as string;
    const names = paths.map(lastOf);
    const args = given[path];
    const call =
      args === undefined ? add(path, names, f, nowhere) : addGiven({ path, names, f, self: nowhere, args });
    if (call !== undefined && isClass(f)) instances.push([path, () => run(call, call.args()) as object]);
  }
  // Nobody calls `forward`: the module is called, which has a name.
  const asCalled = (call: Call): Call =>
    call.path.startsWith('nn.') && call.path.endsWith('#forward') ? { ...call, f: callModule } : call;
  const hidden = hiddenMethods();
  const seen = new Set<Callable>();
  // A method that classes share is called on an instance of any of them.
  const owners = new Map<Callable, string[]>();
  for (const [of, make] of instances)
    for (const [, , f] of methodsOf(make())) owners.set(f, [...(owners.get(f) ?? []), lastOf(of)]);
  for (const [of, make] of instances) {
    for (const [, name, f] of methodsOf(make())) {
      if (seen.has(f) || (of !== 'Tensor' && hidden.has(name))) continue;
      seen.add(f);
      const path = `${of}#${name}`;
      const names = [name, ...(owners.get(f) ?? []), ...classesOf(make())];
      const own = given[path];
      const all = of === 'Tensor' ? given[name] : undefined;
      if (own !== undefined) addGiven({ path, names, f, self: make, args: own });
      else if (all === undefined) add(path, names, f, make);
      else addGiven({ path, names, f, self: () => all()[0], args: () => all().slice(1) });
    }
  }
  return { calls: calls.map(asCalled), missing };
}

const callModule = function (this: Callable, ...args: unknown[]): unknown {
  return this(...args);
} as unknown as Callable;

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** The names of the class of an object, and of those that it extends. */
function classesOf(of: object): string[] {
  const names: string[] = [];
  for (
    let at = Object.getPrototypeOf(of);
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  )
    names.push(at.constructor.name);
  return names;
}

const square = () =>
  core.tensor([
    [0.5, 0.25, 0.75],
    [0.25, 0.5, 0.125],
    [0.5, 0.75, 0.25],
  ]);

function succeeds(call: Call): boolean {
  try {
    const result = run(call, call.args());
    if (result instanceof Promise) result.catch(() => {});
    return true;
  } catch {
    return false;
  }
}
