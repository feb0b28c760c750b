import type { ElementType } from './dtypes.ts';

/** What a pickle is made of: Python's values, before they become JavaScript's. Integers beyond 2^53 are `bigint`. */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PyText
  | PyGlobal
  | PyTuple
  | PyList
  | PyDict
  | PySet
  | PyStorage
  | PyTensor;

/** What is told of by its name alone: a dtype, a device. */
export class PyText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A class or function by its name: a token that stands for it, and can do nothing by itself. */
export class PyGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export class PyTuple {
  readonly items: readonly PyValue[];

  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

export class PyList {
  readonly items: PyValue[];

  constructor(items: PyValue[] = []) {
    this.items = items;
  }
}

/** A dict of any kind, by what tells its keys apart. */
export class PyDict {
  readonly entries = new Map<unknown, readonly [key: PyValue, value: PyValue]>();
}

export class PySet {
  readonly items: Map<unknown, PyValue>;

  constructor(items: Map<unknown, PyValue>) {
    this.items = items;
  }
}

/** Memory by its key in the file. */
export class PyStorage {
  readonly key: string;
  /** `null`: bytes, which each tensor says how to read. */
  readonly type: ElementType | null;
  readonly bytes: number;

  constructor(key: string, type: ElementType | null, bytes: number) {
    this.key = key;
    this.type = type;
    this.bytes = bytes;
  }
}

/** A tensor as the file describes it. */
export class PyTensor {
  readonly storage: PyStorage;
  readonly type: ElementType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly requiresGrad: boolean;
  readonly isParameter: boolean;

  constructor(
    description: Pick<PyTensor, 'storage' | 'type' | 'offset' | 'shape' | 'strides' | 'requiresGrad'>,
    isParameter = false,
  ) {
    this.storage = description.storage;
    this.type = description.type;
    this.offset = description.offset;
    this.shape = description.shape;
    this.strides = description.strides;
    this.requiresGrad = description.requiresGrad;
    this.isParameter = isParameter;
  }

  /** This tensor as a parameter, which decides by itself whether it wants a gradient. */
  asParameter(requiresGrad: boolean): PyTensor {
    return new PyTensor({ ...this, requiresGrad }, true);
  }
}

/** A value in an error. */
export function describe(value: PyValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'object') {
    if (value instanceof PyText) return value.text;
    if (value instanceof PyGlobal) return value.name;
    if (value instanceof PyTensor) return 'a tensor';
    if (value instanceof PyStorage) return 'a storage';
    if (value instanceof Uint8Array) return 'bytes';
    if (value instanceof PyTuple) return 'a tuple';
    if (value instanceof PyList) return 'a list';
    return value instanceof PyDict ? 'a dict' : 'a set';
  }
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}
