/**
 * What operations compute that are no expression of each element: as they stand in formulas, and derivatives that are
 * one kernel.
 */

type Attributes = Readonly<Record<string, unknown>>;
type Written = (inputs: readonly string[], attributes: Attributes) => string;

/** What keeps its meaning without brackets inside of another formula. */
const whole = /^[\w.₀-₉]+(?:\([^()]*\))?ᵀ?$/;
const bracketed = (x = '?'): string => (whole.test(x) ? x : `(${x})`);
const transposed = (x: string | undefined, yes: unknown): string =>
  `${bracketed(x)}${yes === true ? 'ᵀ' : ''}`;
const product = (a: string | undefined, b: string | undefined, { ta, tb }: Attributes): string =>
  `${transposed(a, ta)} @ ${transposed(b, tb)}`;

/** `[0]` as `, dim 0`; nothing where it is all there is. */
const alongDims: (name: string) => Written =
  (name) =>
  ([x = '?'], { dims, shape }) => {
    const list = Array.isArray(dims) ? dims : [];
    const all = Array.isArray(shape) && shape.length === 0;
    return `${name}(${x}${all || list.length === 0 ? '' : `, dim ${list.join(', ')}`})`;
  };

const same: Written = ([x = '?']) => x;
const withShape: (name: string) => Written =
  (name) =>
  ([x = '?'], attributes) => {
    const shape = Array.isArray(attributes) ? attributes : attributes.shape;
    return `${name}(${x}${Array.isArray(shape) ? `, [${shape.join(', ')}]` : ''})`;
  };

const formulas: Readonly<Record<string, Written>> = {
  mm: ([a, b], attributes) => product(a, b, attributes),
  bmm: ([a, b], attributes) => product(a, b, attributes),
  mv: ([a, b]) => product(a, b, {}),
  dot: ([a, b]) => `dot(${a}, ${b})`,
  addmm: ([c = '?', a, b], attributes) => `${c} + ${product(a, b, attributes)}`,
  t: ([x]) => transposed(x, true),
  detach: same,
  clone: same,
  alias: same,
  sum: alongDims('sum'),
  mean: alongDims('mean'),
  expand: withShape('expand'),
  view: withShape('view'),
  reshape: withShape('reshape'),
  _unsafe_view: withShape('reshape'),
  full: () => 'a constant',
  softmax: ([x = '?'], dim) => `softmax(${x}, dim ${JSON.stringify(dim)})`,
  log_softmax: ([x = '?'], dim) => `logSoftmax(${x}, dim ${JSON.stringify(dim)})`,
  gather: ([x, index]) => `gather(${x}, ${index})`,
  scatter_add: ([x, index, from]) =>
    `${x === 'zeros' ? '' : `${x} with `}${from} added at the places ${index}`,
  nll_loss: ([x, target]) => `mean of −logSoftmax(${x}) at the classes ${target}`,
  // Derivatives that are one kernel.
  softmax_backward_data: ([g, y]) => `${bracketed(y)} · (${g} − sum(${g} · ${y}))`,
  log_softmax_backward_data: ([g, y]) => `${g} − exp(${y}) · sum(${g})`,
  nll_loss_backward: ([unit, g]) =>
    `${g} · (softmax − one-hot target) / n, whose second part forward has left in ${unit}`,
};

/** A number of attributes, if they are short. */
function attributesText(attributes: unknown): string {
  if (attributes === undefined || attributes === null) return '';
  const text = JSON.stringify(attributes, (_, x: unknown) => (typeof x === 'function' ? undefined : x)) ?? '';
  if (['', '{}', '[]', 'null'].includes(text) || text.length > 36) return '';
  return text.replaceAll('"', '').replaceAll(',', ', ').replaceAll(':', ': ');
}

/** An operation on inputs that are formulas already. */
export function callOf(name: string, inputs: readonly string[], attributes: unknown): string {
  const own = formulas[name];
  if (own !== undefined) return own(inputs, (attributes ?? {}) as Attributes);
  const rest = attributesText(attributes);
  return `${name}(${[...inputs, ...(rest === '' ? [] : [rest])].join(', ')})`;
}
