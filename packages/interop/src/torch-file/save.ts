import { checkArguments, type DType, io, K } from '@kindling/core';
import type { FileURL } from '../file-url.ts';
import { Pickler, Ranges } from './pickle/index.ts';
import { type Entry, writeArchive } from './zip/index.ts';

/** Options of {@link saveTorch} and {@link serializeTorch}. */
export interface SaveTorchOptions {
  /**
   * The width of stored integers: int32 is written as PyTorch's int64, unless this is `'int32'`. Default: `'int64'`.
   */
  readonly integers?: 'int64' | 'int32';
}

const options = /* @__PURE__ */ K.options<SaveTorchOptions>({
  integers: /* @__PURE__ */ K.oneOf('int64', 'int32'),
});

const stored = {
  float32: ['FloatStorage', 'f4'],
  float64: ['DoubleStorage', 'f8'],
  uint8: ['ByteStorage', 'u1'],
  bool: ['BoolStorage', 'b1'],
  int64: ['LongStorage', 'i8'],
  int32: ['IntStorage', 'i4'],
} as const;

/** The entries of the file, copies of all that the tensors hold now. */
function entriesOf(caller: string, value: unknown, { integers = 'int64' }: SaveTorchOptions): Entry[] {
  const storedAs = (dtype: DType) => stored[dtype === 'int32' ? integers : dtype];
  const ranges = new Ranges();
  const pickled = () => new Pickler(caller, ranges, (dtype) => storedAs(dtype)[0]).write(value);
  // Which part of its memory each tensor needs is known once all were seen.
  pickled();
  const pickle = pickled();
  return [
    { name: 'data.pkl', bytes: pickle },
    { name: 'byteorder', bytes: textBytes('little') },
    ...ranges.elements().map(({ key, dtype, array }) => ({
      name: `data/${key}`,
      bytes: io.writeElements(array, storedAs(dtype)[1]),
    })),
    { name: 'version', bytes: textBytes('3\n') },
  ];
}

const textBytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/**
 * A value as the bytes of a `.pt` file, that `torch.load` reads with `weights_only=True`. Follows `torch.save`.
 *
 * Tensors keep their dtype (int32 becomes int64, as `integers` says), strides, shared memory and `requiresGrad`, and a
 * `nn.Parameter` is one there; of memory is written what the tensors show. Objects and `Map`s become dicts, and an
 * object of tensors alone an `OrderedDict`, as a state dict is; the keys of an object are `str`, or `int` where all are
 * whole numbers and its values are not all tensors, as in the `state` of an optimizer. Arrays become lists, `Set`s
 * sets, `Uint8Array`s bytes. A whole number is an `int`, any other a `float`, {@link pyFloat} says otherwise; in
 * `param_groups` options are floats and tuples as PyTorch has them. What the tensors hold at the call is written,
 * whatever happens to them before the promise is fulfilled.
 * @throws ValueError where a value has no like in Python (it says where: `['model']['hook']`), holds itself, or is
 *   nested deeper than 256 levels
 * @example
 * ```ts
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * const bytes = await serializeTorch({ model: model.stateDict(), optimizer: optimizer.stateDict(), epoch: 3 });
 * Object.keys(await loadTorch<object>(bytes)); // [ 'model', 'optimizer', 'epoch' ]
 * ```
 */
export async function serializeTorch(
  value: unknown,
  options: SaveTorchOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkArguments('serializeTorch', serializeTakes, arguments);
  const parts = await writeArchive(entriesOf('serializeTorch', value, options));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const serializeTakes = { value: K.anything, options };

/**
 * Writes a value to a `.pt` file, in the form of {@link serializeTorch}. Follows `torch.save`.
 *
 * The file is replaced as a whole, as by `saveSafetensors`: a crash leaves the old file or the new one.
 * @param path the path of the file, or its URL
 * @throws FileError where the file cannot be written; otherwise as {@link serializeTorch}
 * @example
 * ```ts
 * const save = (model: nn.Linear) => saveTorch('model.pt', model.stateDict());
 * ```
 */
export async function saveTorch(
  path: string | FileURL,
  value: unknown,
  options: SaveTorchOptions = {},
): Promise<void> {
  checkArguments('saveTorch', saveTakes, arguments);
  const entries = entriesOf('saveTorch', value, options);
  const { saveBytes } = await import('@kindling/core/node');
  await saveBytes(path, await writeArchive(entries), { caller: 'saveTorch' });
}

const saveTakes = {
  path: /* @__PURE__ */ K.kind(
    'the path of a file, a string or a file URL',
    (x) => (typeof x === 'string' && x !== '') || x instanceof URL,
  ),
  ...serializeTakes,
};
