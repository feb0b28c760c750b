import { snakeCase, Tensor, zeros } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import * as optim from '@kindling/optim';
import { ExportError } from '../../errors.ts';
import { call, statement, written } from '../python/text/index.ts';

type Made = new (params: Tensor[]) => optim.Optimizer;

/** The optimizers that PyTorch has, by name. */
const known: ReadonlyMap<unknown, string> = /* @__PURE__ */ new Map(
  Object.entries({
    Adadelta: optim.Adadelta,
    Adafactor: optim.Adafactor,
    Adagrad: optim.Adagrad,
    Adam: optim.Adam,
    AdamW: optim.AdamW,
    Adamax: optim.Adamax,
    ASGD: optim.ASGD,
    LBFGS: optim.LBFGS,
    Muon: optim.Muon,
    NAdam: optim.NAdam,
    RAdam: optim.RAdam,
    RMSprop: optim.RMSprop,
    Rprop: optim.Rprop,
    SGD: optim.SGD,
  }).map(([name, made]) => [made, name]),
);

/** What to use in the place of Kindling's own. */
const instead: Readonly<Record<string, string>> = {
  Lion: 'AdamW with a third of the decay and three times the rate',
  Lamb: 'AdamW',
  SGDScheduleFree: 'SGD with a schedule',
  AdamWScheduleFree: 'AdamW with a schedule',
  SAM: 'its base optimizer, which is `sam.base`',
};

/**
 * The name of an optimizer's class in `torch.optim`.
 * @throws ExportError where PyTorch has none
 */
export function optimizerName(optimizer: unknown): string {
  const { constructor } = optimizer as object;
  const name = known.get(constructor);
  if (name !== undefined) return name;
  const way = instead[constructor.name];
  throw new ExportError(
    `exportTorch: torch.optim has no ${constructor.name}; it has ${[...known.values()].join(', ')}: ` +
      (way === undefined
        ? 'go on with one of these'
        : `go on with ${way}: make it for the same parameters, and export that`),
  );
}

/** A rate that is a tensor is a number in a project, and so are betas: nothing of what fills them goes along. */
function asNumber(option: unknown): unknown {
  if (Array.isArray(option)) return option.map(asNumber);
  return option instanceof Tensor ? option.item() : option;
}

/**
 * The options that are not as PyTorch has them, which is as a new one of the class has them. `differentiable` is left
 * to the groups: parameters of a model are leaves, of which neither side records a step.
 */
function givenOptions(optimizer: optim.Optimizer): string[] {
  const fresh = new (optimizer.constructor as Made)([zeros([1, 1])]).defaults as Record<string, unknown>;
  const own = optimizer.defaults as Record<string, unknown>;
  return Object.entries(own)
    .filter(([key]) => key !== 'differentiable')
    .filter(([key, value]) => key === 'lr' || JSON.stringify(value) !== JSON.stringify(fresh[key]))
    .map(([key, value]) => `${snakeCase(key)}=${written(asNumber(value))}`);
}

const isWhole = (model: AnyModule, { paramGroups }: optim.Optimizer): boolean => {
  const all = model.parameters();
  const [group] = paramGroups;
  return (
    paramGroups.length === 1 &&
    group?.params.length === all.length &&
    all.every((p, i) => group.params[i] === p)
  );
};

/** The line of Python that makes an optimizer: for all parameters of the model, or for groups that a file lists. */
export function optimizerPython(
  name: string,
  model: AnyModule,
  optimizer: optim.Optimizer,
  file: string,
): string {
  const params = isWhole(model, optimizer)
    ? 'model.parameters()'
    : `state.groups(model, HERE / "${file}.json")`;
  const made = call(`optim.${optimizerName(optimizer)}`, [params, ...givenOptions(optimizer)]);
  return statement(`    ${name} = `, made);
}

/** An optimizer's groups and state with parameters by name: what JSON holds of it, and the tensors beside. */
interface NamedState {
  readonly json: { readonly param_groups: unknown[]; readonly state: Record<string, unknown> };
  readonly tensors: Record<string, Tensor>;
}

/**
 * The names of an optimizer's parameters in a model, in their order.
 * @throws ExportError for a parameter that is not the model's
 */
export function parameterNames(caller: string, model: AnyModule, optimizer: optim.Optimizer): string[] {
  const names = new Map<Tensor, string>(model.namedParameters().map(([name, p]) => [p, name]));
  return optimizer.paramGroups.flatMap(({ params }, i) =>
    params.map((p: Tensor) => {
      const name = names.get(p);
      if (name !== undefined) return name;
      throw new ExportError(
        `${caller}: group ${i} of ${optimizer.constructor.name} has a parameter of shape [${p.shape.join(', ')}] that is none of ` +
          "the model's: make the module it belongs to, such as a loss with weights, a part of the model",
      );
    }),
  );
}

/** What an optimizer remembers, by the names of its parameters. */
export function namedState(model: AnyModule, optimizer: optim.Optimizer): NamedState {
  const names = parameterNames('exportTorch', model, optimizer);
  const { state, param_groups } = optimizer.stateDict();
  const tensors: Record<string, Tensor> = {};
  const emptied = (value: unknown, key: string): unknown => {
    if (value instanceof Tensor) {
      tensors[key] = value.detach();
      return 'tensor';
    }
    if (Array.isArray(value)) return value.map((x, i) => emptied(x, `${key}/${i}`));
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    return value;
  };
  const entries = Object.entries(state).map(([number, values]) => {
    const name = names[Number(number)] as string;
    const fields = Object.entries(values).map(([key, value]) => [key, emptied(value, `${name}/${key}`)]);
    return [name, Object.fromEntries(fields)];
  });
  const groups = param_groups.map(({ params, ...options }) => ({
    ...Object.fromEntries(Object.entries(options).map(([key, option]) => [key, asNumber(option)])),
    params: (params as number[]).map((n) => names[n]),
  }));
  return { json: { param_groups: groups, state: Object.fromEntries(entries) }, tensors };
}
