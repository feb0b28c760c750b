/** How Kindling's functions are called in PyTorch: by their names in snake case, options as keyword arguments, but for those listed here. */

import * as core from '@kindling/core';
import { camelCase, snakeCase, Tensor } from '@kindling/core';
import { F } from '@kindling/nn';
import { type Argument, type FunctionCall, isValue, type Operation } from '../../recording/index.ts';
import { call, flat, type Py, prefixed } from './layout.ts';
import { dtypeName, isDType, text } from './literals.ts';

/** Writes arguments: values by their variables, numbers that follow the batch by a size. */
export interface Writing {
  py(x: Argument): Py;
}

type Given = Readonly<Record<string, Argument>>;
type Form = (given: Given, write: Writing) => Py;

const own = (place: object, name: string): boolean =>
  Object.hasOwn(place, name) && typeof (place as Record<string, unknown>)[name] === 'function';
const methods: object = Tensor.prototype;

/** What the package of functions has that PyTorch has not: it is written by what happens in it. */
const beyond: ReadonlySet<string> = new Set(
  (
    'adaptiveWingLoss arcFaceLoss asymmetricLoss binnedHuberLoss charbonnierLoss cosFaceLoss diceLoss emdLoss focalLoss ' +
    'focalTverskyLoss fractionalHuberLoss infoNceLoss jaccardLoss logCoshLoss quantileLoss reduceLoss sigmoidFocalLoss supConLoss ' +
    'tverskyLoss wingLoss classShares copyElements dropoutMask fusedCrossEntropy fusedNll gruGates lstmGates lstmSequence maskClasses ' +
    'multilabelMargins normalizeGroups sliceAlong steps weighClasses alignmentLosses alignmentsFit addTableRows readTableRows assign'
  ).split(' '),
);

/** Python's operators. */
const operators: Readonly<Record<string, string>> = {
  ...{ add: '+', sub: '-', mul: '*', div: '/', matmul: '@' },
  ...{ lt: '<', le: '<=', gt: '>', ge: '>=', eq: '==', ne: '!=' },
  ...{ bitwise_and: '&', bitwise_or: '|', bitwise_xor: '^' },
};

/** Names that are called otherwise in PyTorch. */
const renamed: Readonly<Record<string, string>> = {
  ...{ atleast1d: 'torch.atleast_1d', atleast2d: 'torch.atleast_2d', atleast3d: 'torch.atleast_3d' },
  ...{
    logSigmoid: 'F.logsigmoid',
    log_sigmoid: 'F.logsigmoid',
    variance: 'torch.var',
    im2col: 'F.unfold',
    col2im: 'F.fold',
  },
};

/** Where PyTorch takes a keyword for what comes by position. */
const keywords: Readonly<Record<string, readonly string[]>> = {
  ...{
    add: ['alpha'],
    sub: ['alpha'],
    addcmul: ['value'],
    addcdiv: ['value'],
    nan_to_num: ['nan', 'posinf', 'neginf'],
  },
};

const keyword = (name: string, x: Py): Py => prefixed(`${name}=`, x);

/** The options as keyword arguments; what is not set, and generators, are left out. */
function optionsOf(options: Argument, write: Writing): Py[] {
  if (typeof options !== 'object' || options === null) return [];
  return Object.entries(options as Given).flatMap(([name, x]) => {
    if (x === undefined || (typeof x === 'object' && x !== null && '$class' in x) || name === 'requiresGrad')
      return [];
    return [keyword(snakeCase(name), argument(x, write, name))];
  });
}

/** A value; dtypes by PyTorch's names. */
const argument = (x: Argument, write: Writing, name: string): Py =>
  typeof x === 'string'
    ? isDType(x) && /dtype|^dtypeOrDevice$/i.test(name)
      ? dtypeName(x)
      : text(x)
    : write.py(x);

/** Sizes that came one by one, or as one list. */
const sizesOf = (x: Argument): readonly Argument[] => {
  const all = Array.isArray(x) ? x : [x];
  return all.length === 1 && Array.isArray(all[0]) ? all[0] : all;
};

const method =
  (name: string, ...parameters: readonly string[]): Form =>
  (given, write) =>
    call(
      `${flat(write.py(given.x))}.${name}`,
      parameters.flatMap((p) => (given[p] === undefined ? [] : [write.py(given[p])])),
    );
const sized =
  (name: string, parameter: string): Form =>
  (given, write) =>
    call(
      `${flat(write.py(given.x))}.${name}`,
      sizesOf(given[parameter]).map((n) => write.py(n)),
    );

/** Functions whose arguments come in another form. */
const forms: Readonly<Record<string, Form>> = {
  ...Object.fromEntries(
    ['reshape', 'view', 'expand', 'repeat'].map((name) => [
      name,
      sized(name, name === 'repeat' ? 'repeats' : 'sizes'),
    ]),
  ),
  permute: sized('permute', 'dims'),
  to: (given, write) =>
    call(`${flat(write.py(given.x))}.to`, [
      typeof given.dtype === 'string' && isDType(given.dtype)
        ? dtypeName(given.dtype)
        : write.py(given.dtype),
    ]),
  detach: method('detach'),
  nonzeroTuple: (given, write) => call('torch.nonzero', [write.py(given.x), 'as_tuple=True']),
};

/** Where a public function stands in PyTorch: as a method of its first argument, or in a module; `null` where there is none. */
function calleeOf(
  name: string,
  first: Argument | undefined,
  write: Writing,
): { callee: string; isMethod: boolean } | null {
  if (beyond.has(name)) return null;
  const given = renamed[name];
  if (given !== undefined) return { callee: given, isMethod: false };
  const python = snakeCase(name);
  if (name.includes('.')) return { callee: `torch.${python}`, isMethod: false };
  if (first !== undefined && isValue(first) && own(methods, name))
    return { callee: `${flat(write.py(first))}.${python}`, isMethod: true };
  if (own(F, name)) return { callee: `F.${python}`, isMethod: false };
  return own(core, name) ? { callee: `torch.${python}`, isMethod: false } : null;
}

/** A call of a public function; `null` where PyTorch has none of its name. */
export function functionCall(
  { name, given }: Pick<FunctionCall, 'name' | 'given'>,
  write: Writing,
): Py | null {
  const form = forms[name];
  if (form !== undefined) return form(given, write);
  const entries = Object.entries(given).filter(([, x]) => x !== undefined);
  const found = calleeOf(name, entries[0]?.[1], write);
  if (found === null) return null;
  // Options may stand in the place of a parameter that was left out.
  const isOptions = ([parameter, x]: [string, Argument]): boolean =>
    typeof x === 'object' &&
    x !== null &&
    !Array.isArray(x) &&
    !isValue(x) &&
    !('perSample' in x) &&
    parameter !== 'x';
  const positional = entries.filter((entry) => !isOptions(entry)).slice(found.isMethod ? 1 : 0);
  const options = entries.filter(isOptions).flatMap(([, x]) => optionsOf(x, write));
  return call(found.callee, [
    ...positional.map(([parameter, x]) => argument(x, write, parameter)),
    ...options,
  ]);
}

/** An operation that no function told of: an operator, or a function by the name of the operation. */
export function operationCall(
  operation: Pick<Operation, 'name' | 'operands' | 'attributes' | 'elementwise'>,
  write: Writing,
): Py | null {
  const { name, operands, attributes } = operation;
  const numbers = operands.filter((x) => typeof x === 'number').length;
  const own_ = operation.elementwise !== null && Array.isArray(attributes) ? attributes.slice(numbers) : [];
  if (operation.elementwise === null) return null;
  const [a, b] = operands.map((x) => write.py(x));
  const operator = operators[name];
  if (operator !== undefined && own_.length === 0 && a !== undefined && b !== undefined)
    return `${flat(a)} ${operator} ${flat(b)}`;
  if (name === 'pow' && a !== undefined && b !== undefined) return `${flat(a)}**${flat(b)}`;
  if (name === 'neg' && a !== undefined) return `-${flat(a)}`;
  const found = calleeOf(camelCase(name), operands[0], write);
  if (found === null) return null;
  const names = keywords[name] ?? [];
  const more = own_.map((x, i) => (names[i] === undefined ? write.py(x) : keyword(names[i], write.py(x))));
  return call(found.callee, [...operands.slice(found.isMethod ? 1 : 0).map((x) => write.py(x)), ...more]);
}
