/** The graph of a model as it is written: nodes, initializers, and the names of what lies between them. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type DType, elementsOf, type Tensor } from '@kindling/core';
import type { BatchNumber } from '../recording/index.ts';
import type * as proto from './proto/index.ts';
import { type Attribute, AttributeSchema, NodeSchema, TensorSchema } from './proto/index.ts';

/** The name of a value in the graph; `''` stands for an input that is left out. */
export type Name = string;

/** A number that is written as a float, as ONNX tells attributes apart. */
class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}
export const float = (value: number): Float => new Float(value);

/** Attributes of a node: whole numbers, floats, texts, and lists of whole numbers or texts. */
export type Attributes = Readonly<
  Record<string, number | Float | string | readonly number[] | readonly string[] | undefined>
>;

/** ONNX's numbers of types. int32 stands for int64, as in PyTorch. */
export const elementTypes: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 7,
  bool: 9,
  float64: 11,
};

/** A number that is known, or follows the batch. */
export type Size = number | BatchNumber;

export const isStatic = (size: Size): size is number => typeof size === 'number';

const utf8 = new TextEncoder();

function attributeOf(name: string, value: NonNullable<Attributes[string]>): Attribute {
  const of = (type: number, rest: MessageInitShape<typeof AttributeSchema>): Attribute =>
    create(AttributeSchema, { name, type, ...rest });
  if (value instanceof Float) return of(1, { f: value.value });
  if (typeof value === 'number') return of(2, { i: BigInt(value) });
  if (typeof value === 'string') return of(3, { s: utf8.encode(value) });
  if (value.some((item) => typeof item === 'string'))
    return of(8, { strings: value.map((item) => utf8.encode(String(item))) });
  return of(7, { ints: value.map((item) => BigInt(item)) });
}

/** The bytes of elements in the type in which ONNX has them. */
function bytesOf(elements: ArrayLike<number>, dtype: DType): Uint8Array {
  const made = {
    float32: () => Float32Array.from(elements),
    float64: () => Float64Array.from(elements),
    int32: () => BigInt64Array.from(elements, BigInt),
    uint8: () => Uint8Array.from(elements),
    bool: () => Uint8Array.from(elements),
  }[dtype]();
  return new Uint8Array(made.buffer);
}

/** Where a node belongs: the module in which its operation ran, and the user's line. */
interface Place {
  readonly path: string;
  readonly line: string | null;
}

export class Graph {
  readonly nodes: proto.Node[] = [];
  readonly initializers = new Map<Name, proto.Tensor>();
  /** Where nodes that are added belong. */
  place: Place = { path: '', line: null };
  readonly #taken = new Set<Name>();
  readonly #constants = new Map<string, Name>();
  readonly #sizes = new Map<string, Name>();
  readonly #batch: () => Name;

  constructor(batch: (graph: Graph) => Name) {
    let name: Name | null = null;
    this.#batch = () => (name ??= batch(this));
  }

  /** A name that nothing has yet, of this form. */
  unique(wanted: string): Name {
    let name = wanted;
    for (let i = 1; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }

  /** Adds a node of several results. */
  addMany(opType: string, inputs: readonly Name[], attributes: Attributes, outputs: number): Name[] {
    const { path, line } = this.place;
    const name = this.unique(path === '' ? opType : `${path}.${opType}`);
    const results = Array.from({ length: outputs }, (_, i) =>
      this.unique(outputs === 1 ? `${name}_output` : `${name}_output_${i}`),
    );
    const given = [...inputs];
    while (given.at(-1) === '') given.pop();
    this.nodes.push(
      create(NodeSchema, {
        name,
        opType,
        input: given,
        output: results,
        attribute: Object.entries(attributes).flatMap(([key, value]) =>
          value === undefined ? [] : [attributeOf(key, value)],
        ),
        docString: line ?? '',
        metadataProps: path === '' ? [] : [{ key: 'module', value: path }],
      }),
    );
    return results;
  }

  /** Adds a node of one result, and gives its name. */
  add(opType: string, inputs: readonly Name[], attributes: Attributes = {}): Name {
    const [result = ''] = this.addMany(opType, inputs, attributes, 1);
    return result;
  }

  /** An initializer that holds the elements of a tensor under a name of the model's. */
  state(wanted: string, x: Tensor): Name {
    const name = this.unique(wanted);
    this.#initialize(name, elementsOf(x), x.shape, x.dtype);
    return name;
  }

  #initialize(name: Name, elements: ArrayLike<number>, dims: readonly number[], dtype: DType): void {
    this.initializers.set(
      name,
      create(TensorSchema, {
        name,
        dims: dims.map(BigInt),
        dataType: elementTypes[dtype],
        rawData: bytesOf(elements, dtype),
      }),
    );
  }

  /** An initializer of elements that the graph needs; the same ones once. */
  constant(elements: readonly number[], dims: readonly number[], dtype: DType): Name {
    const key = `${dtype} ${dims.join()} ${elements.map((x) => (Object.is(x, -0) ? '-0' : x)).join()}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = this.unique('constant');
      this.#initialize(name, elements, dims, dtype);
      this.#constants.set(key, name);
    }
    return name;
  }

  /** A size as int64 of shape [1]. */
  size(size: Size): Name {
    if (isStatic(size)) return this.constant([size], [1], 'int32');
    const { perSample, fixed } = size;
    const key = `${perSample} ${fixed}`;
    let name = this.#sizes.get(key);
    if (name === undefined) {
      name = this.#batch();
      if (perSample !== 1) name = this.add('Mul', [name, this.constant([perSample], [1], 'int32')]);
      if (fixed !== 0) name = this.add('Add', [name, this.constant([fixed], [1], 'int32')]);
      this.#sizes.set(key, name);
    }
    return name;
  }

  /** Sizes as int64 of one dimension. */
  sizes(sizes: readonly Size[]): Name {
    if (sizes.every(isStatic)) return this.constant(sizes, [sizes.length], 'int32');
    if (sizes.length === 1) return this.size(sizes[0] ?? 0);
    return this.add(
      'Concat',
      sizes.map((size) => this.size(size)),
      { axis: 0 },
    );
  }

  /** A number as a tensor of no dimensions. */
  number(x: Size, dtype: DType): Name {
    if (isStatic(x)) return this.constant([x], [], dtype);
    return this.cast(this.add('Squeeze', [this.size(x), this.sizes([0])]), dtype);
  }

  cast(x: Name, dtype: DType): Name {
    return this.add('Cast', [x], { to: elementTypes[dtype] });
  }

  /** The elements in another shape, of which one size at most may be left to ONNX. */
  reshape(x: Name, shape: readonly Size[]): Name {
    const open = shape.filter((size) => !isStatic(size)).length;
    if (open === 1 && !shape.includes(0))
      return this.add('Reshape', [x, this.sizes(shape.map((size) => (isStatic(size) ? size : -1)))]);
    return this.add('Reshape', [x, this.sizes(shape)], shape.includes(0) ? { allowzero: 1 } : {});
  }

  transpose(x: Name, perm: readonly number[]): Name {
    return perm.every((d, i) => d === i) ? x : this.add('Transpose', [x], { perm });
  }

  /** Makes values the graph's results, under these names; drops what none of them depends on. */
  results(values: readonly Name[], names: readonly Name[]): void {
    const made = new Set(this.nodes.flatMap(({ output }) => output));
    // What is no node's, or a result twice, gets a node of its own.
    const ends = values.map((name, i) =>
      made.has(name) && values.indexOf(name) === i ? name : this.add('Identity', [name]),
    );
    this.#keep(ends);
    const renamed = (name: Name): Name => {
      const i = ends.indexOf(name);
      return i < 0 ? name : (names[i] ?? name);
    };
    for (const node of this.nodes) {
      node.input = node.input.map(renamed);
      node.output = node.output.map(renamed);
    }
  }

  /** Drops what none of these depends on. */
  #keep(results: readonly Name[]): void {
    const needed = new Set(results);
    const kept: proto.Node[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.output.some((name) => needed.has(name))) continue;
      for (const name of node.input) needed.add(name);
      kept.push(node);
    }
    this.nodes.splice(0, this.nodes.length, ...kept.reverse());
    for (const name of this.initializers.keys()) if (!needed.has(name)) this.initializers.delete(name);
    // Places that nobody asks for need not be found.
    for (const node of this.nodes)
      if (node.opType === 'MaxPool' && !needed.has(node.output[1] ?? '')) node.output.length = 1;
  }
}
