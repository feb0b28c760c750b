/**
 * How Kindling's functions are called in PyTorch: by their names in snake case, options as keyword arguments, but for
 * those listed here.
 */

import * as core from '@kindling/core';
import { camelCase, snakeCase, Tensor } from '@kindling/core';
import { F } from '@kindling/nn';
import { type Argument, type FunctionCall, isValue, type Operation } from '../../../recording/index.ts';
import { call, dtypeName, flat, isDType, list, number, type Py, prefixed, text } from '../text/index.ts';
import { power } from './expressions.ts';

/** Writes arguments: values by their variables, numbers that follow the batch by a size. */
export interface Writing {
  py(x: Argument): Py;
}

type Given = Readonly<Record<string, Argument>>;
type Form = (given: Given, write: Writing) => Py;

const own = (place: object, name: string): boolean =>
  Object.hasOwn(place, name) && typeof (place as Record<string, unknown>)[name] === 'function';
const methods: object = Tensor.prototype;

/**
 * What PyTorch has not, which is written by what happens in it: functions, whose classes have the same names but for
 * capitals, and classes without a function.
 */
const beyond: ReadonlySet<string> = new Set(
  (
    'adaptiveWingLoss arcFaceLoss asymmetricLoss binnedHuberLoss charbonnierLoss cosFaceLoss diceLoss emdLoss focalLoss ' +
    'focalTverskyLoss fractionalHuberLoss infoNceLoss jaccardLoss logCoshLoss quantileLoss reduceLoss sigmoidFocalLoss supConLoss ' +
    'tverskyLoss wingLoss classShares copyElements dropoutMask fusedCrossEntropy fusedNll gruGates lstmGates lstmSequence maskClasses ' +
    'apply applyBinary applyElementwise applyElementwiseInPlace applyInPlace applyMulti applyUnary applyView composed ' +
    'multilabelMargins normalizeGroups sliceAlong steps weighClasses alignmentLosses alignmentsFit addTableRows greatestTableRows numberBags readTableRows sumTaps assign groupRows Loss WeightedLoss'
  )
    .toLowerCase()
    .split(' '),
);

/** Whether PyTorch has no function or class of this name. */
export const isBeyond = (name: string): boolean => beyond.has(name.toLowerCase());

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

/**
 * Where PyTorch takes a keyword for what comes by position: of operations their numbers, of functions what follows the
 * tensor.
 */
const keywords: Readonly<Record<string, readonly string[]>> = {
  ...{ add: ['alpha'], sub: ['alpha'], addcmul: ['value'], addcdiv: ['value'] },
  ...{ sort: ['dim'], argsort: ['dim'], vecdot: ['', 'dim'], 'linalg.vecdot': ['', 'dim'] },
};

const keyword = (name: string, x: Py): Py => prefixed(`${name}=`, x);

/** The options as keyword arguments; what is not set, and generators, are left out. */
function optionsOf(options: Argument, write: Writing): Py[] {
  if (typeof options !== 'object' || options === null) return [];
  return Object.entries(options as Given).flatMap(([name, x]) => {
    if (x === undefined || (typeof x === 'object' && x !== null && '$class' in x) || name === 'requiresGrad')
      return [];
    return [keyword(pythonName(name), argument(x, write, name))];
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
/** The methods of Kindling's tensors that PyTorch's have not, or in another order. */
const functionsOnly: ReadonlySet<string> = new Set(['pad', 'rsub', 'where']);

const sized =
  (name: string, parameter: string): Form =>
  (given, write) => {
    const sizes = sizesOf(given[parameter]).map((n) => write.py(n));
    return call(`${flat(write.py(given.x))}.${name}`, sizes.length === 0 ? ['()'] : sizes);
  };

/** `x[1:3, ..., None]`. */
const subscript: Form = (given, write) => {
  const bound = (x: Argument | undefined): string => (x === null || x === undefined ? '' : flat(write.py(x)));
  const items = (given.items as readonly Argument[]).map((item): Py => {
    if (item === '...' || item === ':') return item;
    if (Array.isArray(item)) return list(item.map((n) => write.py(n)));
    if (typeof item !== 'object' || item === null || isValue(item)) return write.py(item);
    const { start, stop, step } = item as Given;
    return `${bound(start)}:${bound(stop)}${step === null || step === undefined ? '' : `:${bound(step)}`}`;
  });
  return `${flat(write.py(given.x))}[${items.map(flat).join(', ')}]`;
};

/** Functions of sizes or dimensions that come one by one, or as a list. */
const listed = {
  reshape: 'sizes',
  view: 'sizes',
  expand: 'sizes',
  repeat: 'repeats',
  tile: 'dims',
  permute: 'dims',
  flip: 'dims',
};

/** Functions whose arguments come in another form. */
const forms: Readonly<Record<string, Form>> = {
  ...Object.fromEntries(Object.entries(listed).map(([name, parameter]) => [name, sized(name, parameter)])),
  index: subscript,
  to: (given, write) =>
    call(`${flat(write.py(given.x))}.to`, [
      typeof given.dtype === 'string' && isDType(given.dtype)
        ? dtypeName(given.dtype)
        : write.py(given.dtype),
    ]),
  detach: method('detach'),
  rsub: ({ a, b, options }, write) => {
    const alpha = (options as Given | undefined)?.alpha;
    const factor = alpha === undefined ? '' : `${flat(write.py(alpha))} * `;
    return `${flat(write.py(b))} - ${factor}${flat(write.py(a))}`;
  },
  nonzeroTuple: (given, write) => call('torch.nonzero', [write.py(given.x), 'as_tuple=True']),
};

/**
 * Where a public function stands in PyTorch: as a method of its first argument, or in a module; `null` where there is
 * none.
 */
function calleeOf(
  name: string,
  first: Argument | undefined,
  write: Writing,
): { callee: string; isMethod: boolean } | null {
  if (isBeyond(name)) return null;
  const given = renamed[name];
  if (given !== undefined) return { callee: given, isMethod: false };
  const python = pythonName(name);
  if (name.startsWith('special'))
    return { callee: `torch.special.${python.replace(/^special_/, '')}`, isMethod: false };
  if (name.includes('.')) return { callee: `torch.${python}`, isMethod: false };
  if (first !== undefined && isValue(first) && own(methods, name) && !functionsOnly.has(name))
    return { callee: `${flat(write.py(first))}.${python}`, isMethod: true };
  if (own(F, name)) return { callee: `F.${python}`, isMethod: false };
  for (const place of ['linalg', 'special'] as const)
    if (!own(core, name) && own(core[place], name))
      return { callee: `torch.${place}.${python}`, isMethod: false };
  return own(core, name) ? { callee: `torch.${python}`, isMethod: false } : null;
}

/** A name in Python's style; what is all capitals stays. */
const pythonName = (name: string): string => (/^[A-Z]+$/.test(name) ? name : snakeCase(name));

/** A call of a public function; `null` where PyTorch has none of its name. */
export function functionCall(
  { name, given }: Pick<FunctionCall, 'name' | 'given'>,
  write: Writing,
): Py | null {
  const form = forms[name];
  if (form !== undefined) return form(given, write);
  if (holdsFunction(given)) return null;
  const all = Object.entries(given);
  // What is left out before another argument is None.
  const entries = all.filter(
    ([, x], i) =>
      x !== undefined ||
      name === 'batchNorm' ||
      all.slice(i + 1).some(([, y]) => y !== undefined && isPlain(y)),
  );
  const inF = own(F, name) && Object.hasOwn((given.options as object | undefined) ?? {}, 'inplace');
  const found = calleeOf(name, inF ? undefined : entries[0]?.[1], write);
  if (found === null) return null;
  const names = keywords[name] ?? [];
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
  const written = positional.map(([parameter, x], i) => {
    const by = names[found.isMethod ? i : i - 1];
    const py = argument(x, write, parameter);
    return by === undefined || by === '' ? py : keyword(by, py);
  });
  return call(found.callee, [...written, ...options]);
}

/** Whether a function stands among arguments: what it does is written, where its caller can be taken apart. */
const holdsFunction = (x: Argument): boolean =>
  typeof x === 'object' &&
  x !== null &&
  !isValue(x) &&
  (('$class' in x && x.$class === 'Function') || Object.values(x as Given).some(holdsFunction));

/** Whether an argument is no object of options. */
const isPlain = (x: Argument): boolean =>
  typeof x !== 'object' || x === null || Array.isArray(x) || isValue(x) || 'perSample' in x;

type OperationForm = (operation: {
  readonly operands: readonly string[];
  readonly params: readonly number[];
  readonly root: string;
}) => Py;

const rounded: OperationForm = ({ operands: [x], params: [scale], root }) =>
  scale === undefined
    ? `${x}.round()`
    : `${x}.round(decimals=${(root === 'div' ? 1 : -1) * Math.round(Math.log10(scale))})`;

/** Elementwise operations whose numbers are not PyTorch's arguments, or that stand for several functions. */
const operationForms: Readonly<Record<string, OperationForm>> = {
  neg: ({ operands: [x] }) => `-${x}`,
  pow_: ({ operands: [x, y] }) => (y === undefined ? `${x}.square_()` : `${x}.pow_(${y})`),
  pow: ({ operands: [x, y] }) => (y === undefined ? `${x}.square()` : power(String(x), y)),
  div: ({ operands: [x, y], root }) =>
    root === 'div' ? `${x} / ${y}` : `torch.div(${x}, ${y}, rounding_mode="trunc")`,
  div_: ({ operands: [x, y], root }) => `${x}.div_(${y}${root === 'div' ? '' : ', rounding_mode="trunc"'})`,
  elu: ({ operands: [x], params }) =>
    params[1] === 1 ? `F.elu(${x}, alpha=${number(params[0] as number)})` : `F.selu(${x})`,
  celu: ({ operands: [x], params }) => `F.celu(${x}, alpha=${number(params[0] as number)})`,
  round: rounded,
  round_: (given) => `${flat(rounded(given)).replace('.round(', '.round_(')}`,
};

/**
 * Operands and numbers of an operation that no function told of: an operator, or a function by the name of the
 * operation.
 */
export function operationCall(
  {
    name,
    operands,
    attributes,
    elementwise,
  }: Pick<Operation, 'name' | 'operands' | 'attributes' | 'elementwise'>,
  write: Writing,
): Py | null {
  if (elementwise === null) return null;
  const scalars = operands.filter((x) => typeof x === 'number').length;
  const params = Array.isArray(attributes) ? (attributes as readonly Argument[]).slice(scalars) : [];
  const [a, b] = operands.map((x) => flat(write.py(x)));
  const operator = operators[name];
  if (
    operator !== undefined &&
    params.length === 0 &&
    operands.length === 2 &&
    (name !== 'div' || elementwise.expression.op === 'div')
  )
    return `${a} ${operator} ${b}`;
  const form = operationForms[name];
  if (form !== undefined)
    return form({
      operands: operands.map((x) => flat(write.py(x))),
      params: params as number[],
      root: elementwise.expression.op,
    });
  const found = calleeOf(camelCase(name), operands[0], write);
  if (found === null) return null;
  const names = keywords[name.replace(/_$/, '')] ?? [];
  const more = params.map((x, i) => (names[i] === undefined ? write.py(x) : keyword(names[i], write.py(x))));
  return call(found.callee, [...operands.slice(found.isMethod ? 1 : 0).map((x) => write.py(x)), ...more]);
}
