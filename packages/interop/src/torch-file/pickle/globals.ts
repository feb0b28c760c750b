/**
 * The classes and functions that a file may name: what makes tensors and containers. Everything else is refused by
 * name.
 */
import { type ElementType, elementTypes, otherDtypes, storageClasses, whyUnread } from './dtypes.ts';
import {
  describe,
  PyDict,
  PyGlobal,
  PyList,
  PySet,
  PyStorage,
  PyTensor,
  PyText,
  PyTuple,
  type PyValue,
} from './python.ts';

/** What a call in a pickle may ask of the unpickler that runs it. */
export interface Caller {
  /** An error that says where in the file it is. */
  fail(what: string): Error;
  /** What tells a key from others. */
  identityOf(key: PyValue): unknown;
  /** Notes that `size` elements were copied, of which there may be so many and no more. */
  spend(size: number): void;
}

type Call = (args: readonly PyValue[], by: Caller) => PyValue;

/** As many as NumPy and PyTorch's kernels take. */
const MAX_DIMS = 64;

const wrong = (by: Caller, name: string, args: readonly PyValue[]): Error =>
  by.fail(`${name} is called with ${args.slice(0, 8).map(describe).join(', ') || 'nothing'}`);

const isCount = (x: PyValue | undefined): x is number => Number.isSafeInteger(x) && (x as number) >= 0;

function counts(list: PyValue | undefined): readonly number[] | null {
  const items = list instanceof PyTuple || list instanceof PyList ? list.items : null;
  if (items === null || items.length > MAX_DIMS || !items.every(isCount)) return null;
  return items as readonly number[];
}

/** The name of a storage's dtype, or null where it is bytes. */
export const dtypeOfStorage = ({ name }: PyGlobal): string | null | undefined =>
  name.endsWith('.UntypedStorage') ? null : storageClasses.get(name.slice(name.lastIndexOf('.') + 1));

/** The dtype of that name, of which tensors can be read. */
export function readableType(name: string, by: Caller): ElementType {
  const type = elementTypes.get(name);
  if (type === undefined) throw by.fail(`a tensor of ${whyUnread(name)}`);
  return type;
}

/** A tensor over a storage, whose layout must stay within it. */
function tensorOver(name: string, args: readonly PyValue[], type: ElementType | null, by: Caller): PyTensor {
  const [storage, offset, size, stride, requiresGrad = false] = args;
  const shape = counts(size);
  const strides = counts(stride);
  if (!(storage instanceof PyStorage) || !isCount(offset) || shape === null || strides === null)
    throw wrong(by, name, args);
  if (typeof requiresGrad !== 'boolean' || strides.length !== shape.length) throw wrong(by, name, args);
  const of = type ?? storage.type ?? readableType('uint8', by);
  if (storage.type !== null && storage.type !== of)
    throw by.fail(`a tensor of ${of.name} lies in memory of ${storage.type.name}`);
  const reach = shape.reduce((sum, n, d) => sum + (n - 1) * (strides[d] as number), offset);
  const elements = Math.floor(storage.bytes / of.bytes);
  if (!shape.includes(0) && reach >= elements) {
    throw by.fail(
      `a tensor of size (${shape.join(', ')}) and stride (${strides.join(', ')}) from element ${offset} on reaches beyond ` +
        `the ${elements} elements of storage ${JSON.stringify(storage.key.slice(0, 40))}`,
    );
  }
  return new PyTensor({ storage, type: of, offset, shape, strides, requiresGrad });
}

function checkFlags(name: string, metadata: PyValue | undefined, by: Caller): void {
  if (metadata === undefined || metadata === null) return;
  if (!(metadata instanceof PyDict)) throw wrong(by, name, [metadata]);
  for (const [key, value] of metadata.entries.values()) {
    if (value !== false)
      throw by.fail(`a tensor with the flag ${describe(key)}; save x.resolve_neg().resolve_conj()`);
  }
}

const rebuildTensor: Call = (args, by) => {
  const name = '_rebuild_tensor';
  if (args.length < 4 || args.length > 7) throw wrong(by, name, args);
  checkFlags(name, args[6], by);
  return tensorOver(name, args, null, by);
};

const rebuildTypedTensor: Call = (args, by) => {
  const name = '_rebuild_tensor_v3';
  const dtype = args[6];
  if (args.length < 7 || args.length > 8 || !(dtype instanceof PyText)) throw wrong(by, name, args);
  checkFlags(name, args[7], by);
  return tensorOver(name, args, readableType(dtype.text.replace('torch.', ''), by), by);
};

const rebuildParameter: Call = (args, by) => {
  const [data, requiresGrad = true] = args;
  if (!(data instanceof PyTensor) || typeof requiresGrad !== 'boolean' || args.length > 4)
    throw wrong(by, '_rebuild_parameter', args);
  return data.asParameter(requiresGrad);
};

const PARAMETER = 'torch.nn.parameter.Parameter';
const tensorClasses = /* @__PURE__ */ new Set([PARAMETER, 'torch.Tensor', 'torch.nn.parameter.Buffer']);

/** A tensor with Python attributes, which are left behind. */
const rebuildFromType: Call = (args, by) => {
  const [maker, type, given] = args;
  const make = maker instanceof PyGlobal ? calls.get(maker.name) : undefined;
  const fits = type instanceof PyGlobal && tensorClasses.has(type.name) && given instanceof PyTuple;
  if (!fits || make === undefined || make === rebuildFromType || args.length !== 4)
    throw wrong(by, '_rebuild_from_type_v2', args);
  const made = make(given.items, by);
  if (!(made instanceof PyTensor)) throw wrong(by, '_rebuild_from_type_v2', args);
  return type.name === PARAMETER ? made.asParameter(made.requiresGrad) : made;
};

/** Items of the list, tuple or set that a constructor is given; none where it is given nothing. */
function itemsOf(name: string, args: readonly PyValue[], by: Caller): readonly PyValue[] {
  const [given] = args;
  if (args.length === 0) return [];
  if (args.length > 1 || !(given instanceof PyList || given instanceof PyTuple)) throw wrong(by, name, args);
  by.spend(given.items.length);
  return given.items;
}

const makeSet: Call = (args, by) =>
  new PySet(new Map(itemsOf('set', args, by).map((item) => [by.identityOf(item), item])));

const makeOrderedDict: Call = (args, by) => {
  const dict = new PyDict();
  for (const pair of itemsOf('OrderedDict', args, by)) {
    const [key, value, ...more] = pair instanceof PyList || pair instanceof PyTuple ? pair.items : [];
    if (key === undefined || value === undefined || more.length > 0) throw wrong(by, 'OrderedDict', args);
    dict.entries.set(by.identityOf(key), [key, value]);
  }
  return dict;
};

const makeCounter: Call = (args, by) => {
  const [given] = args;
  const dict = new PyDict();
  if (args.length === 0) return dict;
  if (args.length > 1 || !(given instanceof PyDict)) throw wrong(by, 'Counter', args);
  by.spend(given.entries.size);
  for (const [identity, entry] of given.entries) dict.entries.set(identity, entry);
  return dict;
};

const makeDefaultDict: Call = (args, by) => {
  const [factory] = args;
  if (args.length > 1 || !(factory === undefined || factory === null || factory instanceof PyGlobal))
    throw wrong(by, 'defaultdict', args);
  return new PyDict();
};

const makeSize: Call = (args, by) => {
  const sizes = counts(args[0]);
  if (args.length !== 1 || sizes === null) throw wrong(by, 'torch.Size', args);
  return new PyTuple(sizes);
};

const makeDevice: Call = (args, by) => {
  const [type, index] = args;
  if (typeof type !== 'string' || args.length > 2 || !(index === undefined || isCount(index)))
    throw wrong(by, 'torch.device', args);
  return new PyText(index === undefined ? type : `${type}:${index}`);
};

/** The bytes of a text of which each character is one. */
function latin1(text: string, by: Caller): Uint8Array {
  by.spend(text.length);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw by.fail(`bytes are written as a text with the character U+${code.toString(16)}`);
    bytes[i] = code;
  }
  return bytes;
}

const isLatin1 = (encoding: PyValue | undefined): boolean => encoding === 'latin1' || encoding === 'latin-1';

/** What bytes of any kind are made of: nothing, bytes, or a text and its encoding. */
const makeBytes: Call = (args, by) => {
  const [given, encoding] = args;
  if (args.length === 0) return new Uint8Array(0);
  if (args.length === 2 && typeof given === 'string' && isLatin1(encoding)) return latin1(given, by);
  if (args.length !== 1 || !(given instanceof Uint8Array)) throw wrong(by, 'bytes', args);
  by.spend(given.length);
  return given.slice();
};

/** What may be called, with what it does. */
const calls: ReadonlyMap<string, Call> = /* @__PURE__ */ new Map<string, Call>([
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_tensor_v3', rebuildTypedTensor],
  ['torch._utils._rebuild_parameter', rebuildParameter],
  ['torch._utils._rebuild_parameter_with_state', rebuildParameter],
  ['torch._tensor._rebuild_from_type_v2', rebuildFromType],
  ['collections.OrderedDict', makeOrderedDict],
  ['collections.Counter', makeCounter],
  ['collections.defaultdict', makeDefaultDict],
  ['torch.Size', makeSize],
  ['torch.device', makeDevice],
  ['_codecs.encode', makeBytes],
  ['builtins.bytes', makeBytes],
  ['builtins.bytearray', makeBytes],
  ['builtins.set', makeSet],
  ['builtins.frozenset', makeSet],
]);

/** What may be named, as an argument, and not called: factories of a defaultdict. */
const names: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'builtins.list',
  'builtins.dict',
  'builtins.tuple',
  'builtins.int',
  'builtins.float',
  'builtins.bool',
  'builtins.str',
]);

/** What is named by a module and a name, or an error. */
export function findGlobal(module: string, name: string, by: Caller): PyValue {
  const python2 = module === '__builtin__' ? 'builtins' : module;
  const full = `${python2}.${name}`;
  if (calls.has(full) || names.has(full) || tensorClasses.has(full)) return new PyGlobal(full);
  if (['torch', 'torch.cuda', 'torch.storage'].includes(module)) {
    if (storageClasses.has(name) || name === 'UntypedStorage') return new PyGlobal(full);
    if (elementTypes.has(name) || otherDtypes.has(name)) return new PyText(`torch.${name}`);
  }
  throw by.fail(whyRefused(full.slice(0, 200)));
}

/** Calls what a pickle names; the name was found before. */
export function callGlobal(name: string, args: readonly PyValue[], by: Caller): PyValue {
  const call = calls.get(name);
  if (call === undefined)
    throw by.fail(`${name} is called, which is none of the functions that make tensors`);
  by.spend(1);
  return call(args, by);
}

function whyRefused(name: string): string {
  const known = hints.find(([pattern]) => pattern.test(name));
  const hint = known?.[1] ?? 'save tensors and containers alone, as in torch.save(model.state_dict(), path)';
  return `it holds ${name}, which is refused: only tensors and containers are read, and nothing is run. In PyTorch, ${hint}`;
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/^torch\._utils\._rebuild_sparse/, 'save x.to_dense() of sparse tensors'],
  [/^torch\._utils\._rebuild_qtensor$/, 'save x.dequantize() of quantized tensors'],
  [
    /^torch\._utils\._rebuild_meta_tensor/,
    'load the model on a device before you save it: meta tensors have no data',
  ],
  [/^torch\._utils\._rebuild_nested/, 'save x.unbind() of nested tensors'],
  [
    /^torch\._utils\._rebuild_(wrapper|device|xla)/,
    'save x.cpu() of tensors on other devices and of subclasses',
  ],
  [/^torch\.distributed\./, 'gather DTensors first, by get_model_state_dict with full_state_dict=True'],
  [/^builtins\.complex$/, 'save real and imaginary part, as there are no complex numbers here'],
  [/^numpy\b.*/, 'save x.item() of NumPy scalars and torch.from_numpy(x) of arrays'],
  [
    /^(__main__|torch\.nn\.modules|torchvision)\./,
    'save the state dict in place of the whole model: torch.save(model.state_dict(), path)',
  ],
];
