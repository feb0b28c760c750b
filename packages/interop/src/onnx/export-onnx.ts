import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { K, type Observer, observe, signature, Tensor } from '@kindling/core';
import { type AnyModule, Module } from '@kindling/nn';
import { ExportError } from '../errors.ts';
import { libraryClass, type Recording, recordBatches, stateOf } from '../recording/index.ts';
import { elementTypes, Graph, isStatic, type Name, type Size } from './graph.ts';
import { type GraphSchema, ModelSchema, type ValueInfoSchema } from './proto/index.ts';
import { type Given, namedResults, parameterNames, tensorsIn, withTensors } from './structure.ts';
import { Translation } from './translate.ts';

/** Options of {@link exportOnnx}. */
export interface OnnxOptions {
  /**
   * The names of the graph's inputs, one for each tensor of the example. Default: those of the parameters of `forward`.
   */
  readonly inputNames?: readonly string[];
  /** The names of the graph's outputs. Default: `output`, of several `output_0` and so on, of an object its keys. */
  readonly outputNames?: readonly string[];
  /**
   * The dimension of each input that is the batch, `null` of an input without one. `false`: the graph is for the sizes
   * of the example alone. Default: `true`, dimension 0 of each input whose size there is that of the first input.
   */
  readonly batch?: boolean | readonly (number | null)[];
  /** The name of the graph. Default: that of the model's class. */
  readonly name?: string;
}

/** What onnxruntime 1.30 runs, and the version of the format that came with it. */
const opset = 26;
const irVersion = 13;
/** What is written into files; test/onnx/export.test.ts holds it against package.json. */
const version = '0.1.0';
/** Protocol buffers hold no more; the rest is for what is not weights. */
const mostBytes = 2 ** 31 - 2 ** 24;

const names = K.listOf(K.text, "an array of names such as ['image']");
const takes = /* @__PURE__ */ signature('exportOnnx', {
  model: K.instanceOf(Module, 'a module'),
  example: K.kind(
    'a tensor, or an array of the arguments of the model',
    (x) => K.tensor.accepts(x) || Array.isArray(x),
  ),
  options: K.options<OnnxOptions>({
    inputNames: names,
    outputNames: names,
    batch: K.either(
      K.flag,
      K.listOf(K.nullable(K.integer), 'an array of dimensions, or null, one for each input'),
    ),
    name: K.text,
  }),
});

/** Which dimension of each input is the batch. */
function batchDims(inputs: readonly Tensor[], batch: OnnxOptions['batch']): readonly (number | null)[] {
  if (batch === false) return inputs.map(() => null);
  const [first] = inputs;
  if (batch === undefined || batch === true)
    return inputs.map((x) => (x.ndim > 0 && first !== undefined && x.shape[0] === first.shape[0] ? 0 : null));
  if (batch.length !== inputs.length) {
    throw new ExportError(
      `exportOnnx: batch names the dimension of ${batch.length} inputs, but the example has ${inputs.length} tensors`,
    );
  }
  return batch.map((dim, i) => {
    const { ndim = 0, shape = [] } = inputs[i] ?? {};
    if (dim === null || (dim >= -ndim && dim < ndim)) return dim === null ? null : dim < 0 ? dim + ndim : dim;
    throw new ExportError(
      `exportOnnx: batch says dimension ${dim} of input ${i}, whose shape is [${shape.join(', ')}]`,
    );
  });
}

/**
 * The forward pass of a model in eval mode as an ONNX model: the bytes of a file that onnxruntime and others run. It is
 * recorded as `model(...example)` runs: operations become nodes, named by the modules in which they ran, with the
 * user's line as documentation; parameters and buffers become initializers under their names of `stateDict()`. The
 * batch may have any size when it is run. Opset 26, which onnxruntime 1.30 and later run.
 *
 * float32, float64, uint8 and bool are of the same type in ONNX; int32 is int64 there, as it stands for PyTorch's: give
 * indices as int64.
 *
 * The model keeps its mode, state, gradients and generators. Kindling's own; what `torch.onnx.export` is for.
 * @param model any module; what its `forward` does with tensors is what counts
 * @param example the tensor that the model is called with, or an array of its arguments, which may be tensors, and
 *   lists and objects of them; other values are taken for constants
 * @returns the bytes of a `.onnx` file
 * @throws ExportError where ONNX has no counterpart of an operation, naming it, its line and a way round; where what is
 *   computed depends on values of tensors in JavaScript, or the model draws random numbers or changes its buffers; for
 *   models of 2 GiB and more
 * @throws ValueError for what is no module, no example or no option; what the model throws
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * const bytes = exportOnnx(model, zeros([1, 4]), { inputNames: ['features'], outputNames: ['logits'] });
 * bytes instanceof Uint8Array; // true
 * ```
 */
export function exportOnnx(
  model: AnyModule,
  example: Tensor | readonly Given[],
  options: OnnxOptions = {},
): Uint8Array<ArrayBuffer> {
  takes(arguments);
  checkModel(model);
  const given: readonly Given[] = example instanceof Tensor ? [example] : example;
  const parameters = parameterNames(model.forward);
  const inputs = given.flatMap((argument, i) => tensorsIn(argument, parameters[i] ?? `input_${i}`));
  const tensors = inputs.map(({ tensor }) => tensor);
  const inputNames = chosen(
    'inputNames',
    inputs.map(({ name }) => name),
    options.inputNames,
  );
  const dims = batchDims(tensors, options.batch);
  const recording = recorded(model, given, tensors, dims);
  const results = namedResults(recording.result);
  const outputNames = chosen(
    'outputNames',
    results.map(({ name }) => name),
    options.outputNames,
  );

  const batched = dims.findIndex((dim) => dim !== null);
  const graph = new Graph((g) => {
    const axis = dims[batched] ?? 0;
    return g.add('Shape', [inputNames[batched] ?? ''], { start: axis, end: axis + 1 });
  });
  for (const name of [...inputNames, ...outputNames]) graph.unique(name);
  const translation = new Translation(graph, stateOf({ '': model }));
  for (const [i, value] of recording.inputs.entries()) translation.define(value, inputNames[i] ?? '');
  translation.walk(recording.body);
  graph.results(
    results.map(({ value }) => translation.read(value)),
    outputNames,
  );

  return bytesOfModel({
    name: options.name ?? model.constructor.name,
    node: graph.nodes,
    initializer: [...graph.initializers.values()],
    input: recording.inputs.map(({ dtype, shape }, i) => info(inputNames[i] ?? '', dtype, shape)),
    output: results.map(({ value }, i) => info(outputNames[i] ?? '', value.dtype, value.shape)),
  });
}

/** A file that holds a graph. */
const bytesOfModel = (graph: MessageInitShape<typeof GraphSchema>): Uint8Array<ArrayBuffer> =>
  toBinary(
    ModelSchema,
    create(ModelSchema, {
      irVersion: BigInt(irVersion),
      producerName: 'kindling',
      producerVersion: version,
      opsetImport: [{ domain: '', version: BigInt(opset) }],
      metadataProps: [{ key: 'mode', value: 'eval' }],
      graph,
    }),
  );

/** What a file says of an input or a result. */
const info = (
  name: Name,
  dtype: Tensor['dtype'],
  shape: readonly Size[],
): MessageInitShape<typeof ValueInfoSchema> => ({
  name,
  type: { tensorType: { elemType: elementTypes[dtype], shape: { dim: shape.map(dimension) } } },
});

const dimension = (size: Size) => {
  if (isStatic(size)) return { value: { case: 'dimValue' as const, value: BigInt(size) } };
  const { perSample, fixed } = size;
  const product = perSample === 1 ? 'batch' : `${perSample} * batch`;
  return { value: { case: 'dimParam' as const, value: fixed === 0 ? product : `${product} + ${fixed}` } };
};

/** The names given, or those that follow from the model; each once. */
function chosen(
  option: string,
  found: readonly string[],
  given: readonly string[] | undefined,
): readonly string[] {
  if (given !== undefined && given.length !== found.length) {
    throw new ExportError(
      `exportOnnx: ${option} has ${given.length} names, but there are ${found.length}: ${found.join(', ')}`,
    );
  }
  const names = given ?? found.map((name, i) => (found.indexOf(name) === i ? name : `${name}_${i}`));
  const repeated = names.find((name, i) => names.indexOf(name) !== i || name === '');
  if (repeated !== undefined)
    throw new ExportError(`exportOnnx: ${option} must be names that differ, got ${JSON.stringify(names)}`);
  return names;
}

/** Refuses what fits no file, and what has no weights yet, before anything else is done. */
function checkModel(model: AnyModule): void {
  const lazy = model.namedModules().find(([, module]) => /^Lazy/.test(libraryClass(module) ?? ''));
  if (lazy !== undefined) {
    const [path, module] = lazy;
    throw new ExportError(
      `exportOnnx: ${module.constructor.name}${path === '' ? '' : ` '${path}'`} has no weights before its first input; call the model once, ` +
        'then export it',
    );
  }
  const bytes = [...stateOf({ '': model }).keys()].reduce((sum, x) => sum + x.count * bytesOf[x.dtype], 0);
  if (bytes > mostBytes) {
    throw new ExportError(
      `exportOnnx: the parameters and buffers of ${model.constructor.name} take ${(bytes / 2 ** 30).toFixed(2)} GiB, and a file of ONNX ` +
        'holds less than 2 GiB; export parts of the model on their own, or write it as a PyTorch project by exportTorch',
    );
  }
}

const bytesOf: Readonly<Record<Tensor['dtype'], number>> = {
  float32: 4,
  float64: 8,
  int32: 8,
  uint8: 1,
  bool: 1,
};

/** What happens in a call in eval mode. */
function recorded(
  model: AnyModule,
  given: readonly Given[],
  inputs: readonly Tensor[],
  batchDims: readonly (number | null)[],
): Recording {
  const guard = new ReadGuard();
  const call = (...tensors: Tensor[]): unknown => {
    const next = tensors.values();
    const args = given.map((argument) => withTensors(argument, () => next.next().value as Tensor));
    return guard.during(tensors, () => (model as unknown as (...args: unknown[]) => unknown)(...args));
  };
  const stop = observe(guard);
  try {
    const options = { caller: 'exportOnnx', training: false, batchDims };
    return recordBatches({ call, inputs, models: { '': model } }, options);
  } finally {
    stop();
  }
}

/** Reads that decide nothing of what is computed: checks that only warn, and printing. */
const harmless = /^(?:print|views|toJSON|save)/;

/**
 * Refuses that the library decides by values that follow from the inputs, as it does in a few places: the recording
 * would be that of these values alone.
 */
class ReadGuard implements Observer {
  #dependent: WeakSet<object> | null = null;

  /** Runs a call of these inputs under guard. */
  during<T>(inputs: readonly Tensor[], call: () => T): T {
    this.#dependent = new WeakSet(inputs.map((x) => x.storage));
    try {
      return call();
    } finally {
      this.#dependent = null;
    }
  }

  after(_: string, given: readonly Tensor[], __: unknown, results: readonly Tensor[]): void {
    const dependent = this.#dependent;
    if (dependent !== null && given.some((x) => dependent.has(x.storage)))
      for (const y of results) dependent.add(y.storage);
  }

  read(x: Tensor, reason: string): void {
    if (this.#dependent?.has(x.storage) !== true || harmless.test(reason)) return;
    throw new ExportError(
      `exportOnnx: what is computed depends on the values of inputs (${reason}), and a graph of ONNX is one for all values; let forward ` +
        'compute with tensors instead, and choose between values with where',
    );
  }
}
