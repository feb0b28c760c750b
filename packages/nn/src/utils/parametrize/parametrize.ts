import {
  checkArguments,
  formatShape,
  K,
  KindlingError,
  noGrad,
  ShapeError,
  sameShape,
  Tensor,
  ValueError,
} from '@kindling/core';
import { ModuleDict } from '../../containers/module-dict.ts';
import { NumberedModules } from '../../containers/numbered.ts';
import { moduleKind } from '../../module/arguments.ts';
import { type AnyModule, internalsOf } from '../../module/callable.ts';
import { setProperty, valueOf } from '../../module/members.ts';
import type { Module } from '../../module/module.ts';
import { Parameter, UninitializedParameter } from '../../module/parameter.ts';
import { formatModuleList } from '../../module/print.ts';
import { stateNameOf } from '../../module/registry.ts';

/** A module that makes a tensor of another, or of several. */
export interface Parametrization extends Module<never, Tensor> {
  /** What it makes a tensor of that is assigned: a tensor, or several; `null` if it cannot tell. */
  rightInverse?(x: Tensor): Tensor | Tensor[] | null;
}

const originals = /^original\d*$/;

/**
 * The parametrizations of one tensor, in order, and what they make it of. Follows
 * `torch.nn.utils.parametrize.ParametrizationList`.
 * @throws KindlingError for what is no module
 */
export class ParametrizationList extends NumberedModules<Parametrization, [], Tensor> {
  constructor(parametrization: Parametrization) {
    checkArguments(new.target.name, { parametrization: moduleKind }, arguments);
    super();
    this.append(parametrization);
  }

  /** The tensors that the first one gets. */
  originals(): Tensor[] {
    return this.registered().flatMap(([name, value]) =>
      originals.test(name) && value instanceof Tensor ? [value] : [],
    );
  }

  /** The tensor that they make. */
  override forward(): Tensor {
    let values = this.originals();
    for (const parametrization of this)
      values = [(parametrization as unknown as (...x: readonly Tensor[]) => Tensor)(...values)];
    return values[0] as Tensor;
  }

  override toString(): string {
    return formatModuleList(this);
  }

  /**
   * Makes the originals those that give this tensor, or one near it.
   * @throws ValueError for what is no tensor; KindlingError where a parametrization does not say what makes one
   */
  assign(x: Tensor): void {
    checkArguments('assign', { x: K.tensor }, arguments);
    const inverse = inverseOf([...this], x);
    noGrad(() => {
      for (const [i, original] of this.originals().entries()) {
        const value = inverse[i];
        if (value !== undefined) original.copy_(value);
      }
    });
  }
}

/** What parametrizations make a tensor of, the last one first. */
function inverseOf(list: readonly Parametrization[], x: Tensor): Tensor[] {
  return list.toReversed().reduce<Tensor[]>(
    (values, parametrization) => {
      const inverse = values[0] && parametrization.rightInverse?.(values[0]);
      if (inverse == null) {
        throw new KindlingError(
          `assign: a parametrized tensor can be assigned where each parametrization has a rightInverse; ` +
            `${parametrization.constructor.name} has none`,
        );
      }
      return Array.isArray(inverse) ? inverse : [inverse];
    },
    [x.detach()],
  );
}

/** The parametrizations of a module by the names of its tensors; `null` where it has none. */
const listsOf = (module: AnyModule): ModuleDict<ParametrizationList> | null => {
  const found = valueOf(module, 'parametrizations');
  return found instanceof ModuleDict ? (found as ModuleDict<ParametrizationList>) : null;
};

let cache: Map<object, Tensor> | null = null;

/**
 * Runs `f`, in which each parametrized tensor is made once and then kept: for modules that read one many times. Follows
 * `torch.nn.utils.parametrize.cached`.
 * @throws ValueError for what is no function
 */
export function cached<T>(f: () => T): T {
  checkArguments('cached', { f: K.callable }, arguments);
  const before = cache;
  cache ??= new Map();
  try {
    return f();
  } finally {
    cache = before;
  }
}

function made(list: ParametrizationList): Tensor {
  if (cache === null) return list();
  let value = cache.get(list);
  if (value === undefined) {
    value = list();
    cache.set(list, value);
  }
  return value;
}

const takes = { module: moduleKind, tensorName: K.text };

/** A class of modules like that of another, but for tensors that are made when they are read. */
function parametrizedClass(of: object): object {
  const base = of.constructor as new (...args: never[]) => object;
  const Parametrized = class extends base {};
  Object.defineProperty(Parametrized, 'name', { value: `Parametrized${base.name}` });
  return Parametrized.prototype;
}

/** Options of {@link registerParametrization}. */
export interface ParametrizationOptions {
  /** Whether the tensor may change shape and dtype. Default: false. */
  readonly unsafe?: boolean;
}

/**
 * Makes a parameter or buffer of a module one that `parametrization` makes, when it is read, of another, which takes
 * its place among the parameters: `parametrizations.weight.original`. Several follow one another. The first one says by
 * `rightInverse`, if it has one, what is kept of the tensor as it is now; all of them do of those assigned later. What
 * is refused leaves the module as it was. Returns the module.
 * Follows `torch.nn.utils.parametrize.register_parametrization`.
 * @throws KindlingError when the module has no such tensor
 * @throws ShapeError when the parametrization, or its `rightInverse`, gives another shape or dtype; ValueError when one
 *   behind another keeps several tensors, and for a lazy layer that has not seen an input
 * @example
 * ```ts
 * class Symmetric extends nn.Module<[Tensor], Tensor> {
 *   override forward(x: Tensor) {
 *     return x.triu().add(x.triu({ diagonal: 1 }).t());
 *   }
 * }
 * const layer = new nn.Linear(3, 3);
 * nn.utils.parametrize.registerParametrization(layer, 'weight', new Symmetric());
 * layer.weight.equal(layer.weight.t()); // true
 * layer.namedParameters().map(([name]) => name); // [ 'bias', 'parametrizations.weight.original' ]
 * ```
 */
export function registerParametrization<M extends AnyModule>(
  module: M,
  tensorName: string,
  parametrization: Parametrization,
  options: ParametrizationOptions = {},
): M {
  const kinds = {
    ...takes,
    parametrization: moduleKind,
    options: K.options<ParametrizationOptions>({ unsafe: K.flag }),
  };
  checkArguments('registerParametrization', kinds, arguments);
  const { unsafe = false } = options;
  const key = stateNameOf(module, tensorName);
  const known = listsOf(module);
  const list = known?.has(key) === true ? known.get(key) : null;
  const before = (list?.() ?? valueOf(module, tensorName)) as unknown;
  if (!(before instanceof Tensor)) {
    throw new KindlingError(
      `registerParametrization: ${module.constructor.name} has no parameter, buffer or parametrized tensor '${tensorName}'`,
    );
  }
  if (before instanceof UninitializedParameter) {
    throw new ValueError(
      `registerParametrization: '${tensorName}' of ${module.constructor.name} has no shape yet: call the module once before`,
    );
  }
  parametrization.train(module.training);
  const check = (gives: string, made: unknown): void => {
    if (!unsafe) checkAlike(`${gives} of '${tensorName}' of ${module.constructor.name}`, made, before);
  };
  if (list == null) {
    const first = new ParametrizationList(parametrization);
    keepOriginals(first, before, parametrization);
    check('the parametrization', first());
    install(module, tensorName, key, first);
    return module;
  }
  const after = unsafe ? before : (parametrization as unknown as (x: Tensor) => Tensor)(before);
  check('the parametrization', after);
  const inverse = parametrization.rightInverse?.(after.detach()) ?? null;
  if (Array.isArray(inverse)) {
    throw new ValueError(
      'registerParametrization: rightInverse of what comes behind another parametrization must give one tensor, got several',
    );
  }
  if (inverse !== null) check('rightInverse of the parametrization', inverse);
  list.append(parametrization);
  return module;
}

/** What the first parametrization makes the tensor of is a parameter, or buffer, of the list. */
function keepOriginals(list: ParametrizationList, before: Tensor, parametrization: Parametrization): void {
  const kept = parametrization.rightInverse?.(before.detach()) ?? before;
  const values = Array.isArray(kept) ? kept : [kept];
  for (const [i, value] of values.entries()) {
    const name = Array.isArray(kept) ? `original${i}` : 'original';
    if (!(before instanceof Parameter)) list.registerBuffer(name, value);
    else if (value instanceof Parameter) list.registerParameter(name, value);
    else list.registerParameter(name, new Parameter(value.clone(), { requiresGrad: before.requiresGrad }));
  }
}

function install(module: AnyModule, tensorName: string, key: string, list: ParametrizationList): void {
  let lists = listsOf(module);
  if (lists === null) {
    lists = new ModuleDict<ParametrizationList>();
    Object.setPrototypeOf(module, parametrizedClass(module));
    setProperty(module, 'parametrizations', lists);
  }
  delete (module as unknown as Record<string, unknown>)[tensorName];
  internalsOf(module).buffers.delete(tensorName);
  lists.set(key, list);
  Object.defineProperty(Object.getPrototypeOf(module), tensorName, {
    configurable: true,
    get: () => made(list),
    set: (value: Tensor) => list.assign(value),
  });
}

function checkAlike(what: string, after: unknown, before: Tensor): void {
  if (after instanceof Tensor && sameShape(after.shape, before.shape) && after.dtype === before.dtype) return;
  const got = after instanceof Tensor ? `${formatShape(after.shape)}, ${after.dtype}` : 'no tensor';
  throw new ShapeError(
    `registerParametrization: ${what} gives ${got} where the tensor ` +
      `was ${formatShape(before.shape)}, ${before.dtype}; pass { unsafe: true } if that is meant`,
  );
}

/**
 * Whether a module has a parametrized tensor, or one of this name. Follows
 * `torch.nn.utils.parametrize.is_parametrized`.
 * @throws KindlingError for what is no module
 */
export function isParametrized(module: AnyModule, tensorName?: string): boolean {
  checkArguments('isParametrized', { module: moduleKind, tensorName: K.optional(K.text) }, arguments);
  const lists = listsOf(module);
  if (lists === null) return false;
  return tensorName === undefined ? lists.size > 0 : lists.has(stateNameOf(module, tensorName));
}

/** Options of {@link removeParametrizations}. */
export interface RemoveParametrizationOptions {
  /** Whether the tensor stays as it is made now; else it is what it is made of. Default: true. */
  readonly leaveParametrized?: boolean;
}

/**
 * Makes a tensor an ordinary parameter or buffer again. Returns the module. Follows
 * `torch.nn.utils.parametrize.remove_parametrizations`.
 * @throws KindlingError when it is not parametrized, or made of several tensors and is not to stay as it is made
 */
export function removeParametrizations<M extends AnyModule>(
  module: M,
  tensorName: string,
  options: RemoveParametrizationOptions = {},
): M {
  const kinds = {
    ...takes,
    options: K.options<RemoveParametrizationOptions>({ leaveParametrized: K.flag }),
  };
  checkArguments('removeParametrizations', kinds, arguments);
  const key = stateNameOf(module, tensorName);
  const lists = listsOf(module);
  if (lists === null || !lists.has(key)) {
    throw new KindlingError(
      `removeParametrizations: ${module.constructor.name} does not have a parametrization on '${tensorName}'`,
    );
  }
  const list = lists.get(key);
  const [first, ...others] = list.originals();
  const leave = options.leaveParametrized ?? true;
  if (!leave && others.length > 0) {
    throw new KindlingError(
      `removeParametrizations: '${tensorName}' is made of several tensors; it can only stay as it is made`,
    );
  }
  const value = leave ? list().detach().clone() : (first as Tensor);
  const isParameter = first instanceof Parameter;
  delete Object.getPrototypeOf(module)[tensorName];
  lists.pop(key);
  if (lists.size === 0) {
    delete (module as unknown as Record<string, unknown>).parametrizations;
    Object.setPrototypeOf(module, Object.getPrototypeOf(Object.getPrototypeOf(module)));
  }
  if (!isParameter) module.registerBuffer(tensorName, value);
  else
    module.registerParameter(
      tensorName,
      value instanceof Parameter ? value : new Parameter(value, { requiresGrad: first.requiresGrad }),
    );
  return module;
}
