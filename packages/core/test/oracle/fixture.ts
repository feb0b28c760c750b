/** Reads the fixtures that tools/oracle writes: a JSON index and a file of little-endian arrays. */

import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DType } from '@kindling/core';

export type FixtureArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A recorded tensor: plain data, made into a Kindling tensor by the runner. */
export class Recorded {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly array: FixtureArray;
  readonly requiresGrad: boolean;

  constructor(dtype: DType, shape: readonly number[], array: FixtureArray, requiresGrad: boolean) {
    this.dtype = dtype;
    this.shape = shape;
    this.array = array;
    this.requiresGrad = requiresGrad;
  }
}

/** A Python slice. */
export class RecordedSlice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number | null;

  constructor(start: number | null, stop: number | null, step: number | null) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

/** Python's `...`. */
export const recordedEllipsis = Symbol('ellipsis');

/** The name of a function of nn.functional, given as an argument. */
export class RecordedFunction {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export type Value =
  | null
  | undefined
  | boolean
  | number
  | string
  | symbol
  | Recorded
  | RecordedSlice
  | RecordedFunction
  | readonly Value[]
  | { readonly [key: string]: Value };

/** How far PyTorch's own result is from the exact one, where that matters: position, distance, position, distance... */
export type Noise = 0 | readonly number[];

/** One recorded call. Modules have a constructor and a state besides. */
export interface Sample {
  readonly a: readonly Value[];
  readonly k?: Readonly<Record<string, Value>>;
  readonly out: Value;
  /** The gradient to each tensor of `a` and `k` that requires one, in order; absent where no output does. */
  readonly grads?: readonly (Recorded | null)[];
  /** Arguments that the call changes in place: [position among the tensors of `a` and `k`, value afterwards]. */
  readonly after?: readonly (readonly [number, Recorded])[];
  readonly noise?: readonly Noise[];
  readonly gradNoise?: readonly Noise[];
  /** Signed zeros count. */
  readonly edge?: 1;
  readonly ctor?: readonly Value[];
  readonly ctorOptions?: Readonly<Record<string, Value>>;
  readonly state?: Readonly<Record<string, Recorded>>;
  readonly stateAfter?: Readonly<Record<string, Recorded>>;
  readonly parameterGrads?: Readonly<Record<string, Recorded | null>>;
  readonly parameterNoise?: readonly Noise[];
  readonly eval?: 1;
}

export interface Entry {
  readonly op: string;
  readonly variant: string;
  readonly dtype: DType;
  /** Whether torch.Tensor has the operation as a method. */
  readonly method?: boolean;
  /** Whether it has an in-place form, with a trailing underscore. */
  readonly inPlace?: boolean;
  readonly samples: readonly Sample[];
}

interface Code {
  readonly dtype: DType;
  read(buffer: ArrayBuffer, offset: number, count: number): FixtureArray;
}

const codes: Record<string, Code> = {
  f32: { dtype: 'float32', read: (b, o, n) => new Float32Array(b, o, n) },
  f64: { dtype: 'float64', read: (b, o, n) => new Float64Array(b, o, n) },
  i32: { dtype: 'int32', read: (b, o, n) => new Int32Array(b, o, n) },
  u8: { dtype: 'uint8', read: (b, o, n) => new Uint8Array(b, o, n) },
  b: { dtype: 'bool', read: (b, o, n) => new Uint8Array(b, o, n) },
};

const infinities: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: NaN };

const bytesOf = { float32: 4, float64: 8, int32: 4, uint8: 1, bool: 1 } satisfies Record<DType, number>;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function decode(json: Json, payload: ArrayBuffer): Value {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map((v) => decode(v, payload));
  if (typeof json.t === 'string' && Array.isArray(json.s)) {
    const code = codes[json.t]!;
    const shape = json.s as number[];
    const count = shape.reduce((n, size) => n * size, 1);
    // A copy: no test can change what the next one reads.
    const start = json.o as number;
    const bytes = payload.slice(start, start + count * bytesOf[code.dtype]);
    return new Recorded(code.dtype, shape, code.read(bytes, 0, count), json.g === 1);
  }
  if (typeof json.f === 'string') return infinities[json.f]!;
  if (typeof json.d === 'string') return json.d;
  if (json.ellipsis === 1) return recordedEllipsis;
  if (Array.isArray(json.slice)) {
    const [start, stop, step] = json.slice as (number | null)[];
    return new RecordedSlice(start ?? null, stop ?? null, step ?? null);
  }
  if (typeof json.function === 'string') return new RecordedFunction(json.function);
  return Object.fromEntries(Object.entries(json).map(([k, v]) => [k, decode(v, payload)]));
}

const repository = new URL('../../../../', import.meta.url).href;

/** The same place beneath the folder that KINDLING_FIXTURES names, where `tools/oracle/generate.sh --out` wrote others. */
export function located(url: URL): string {
  const other = process.env.KINDLING_FIXTURES;
  if (other === undefined) return url.href;
  return `${pathToFileURL(resolve(other)).href}/${url.href.slice(repository.length)}`;
}

/** The names of the fixtures in a folder that begin with `prefix`. */
export function fixturesIn(folder: URL, prefix: string): string[] {
  const names = readdirSync(new URL(located(folder)));
  return names.flatMap((name) =>
    name.startsWith(prefix) && name.endsWith('.json') ? [name.slice(0, -5)] : [],
  );
}

/** The entries of `<url>.json`, with the arrays of `<url>.bin`. */
export function readFixture<T>(url: URL): { torch: string; entries: T[] } {
  const path = located(url);
  const index = JSON.parse(readFileSync(new URL(`${path}.json`), 'utf8')) as {
    torch: string;
    entries: Json[];
  };
  let payload = new ArrayBuffer(0);
  if (JSON.stringify(index).includes('"t":')) {
    const file = readFileSync(new URL(`${path}.bin`));
    payload = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
  }
  return { torch: index.torch, entries: index.entries.map((e) => decode(e, payload) as T) };
}

/** The recorded tensors in a nest, in order. */
export function* recordedIn(v: Value): Generator<Recorded> {
  if (v instanceof Recorded) yield v;
  else if (Array.isArray(v)) for (const x of v as readonly Value[]) yield* recordedIn(x);
  else if (v !== null && typeof v === 'object' && Object.getPrototypeOf(v) === Object.prototype) {
    for (const x of Object.values(v as Record<string, Value>)) yield* recordedIn(x);
  }
}

/** One sample of each form: as many arguments, and options of the same names. */
export const ofEachForm = (samples: readonly Sample[]): readonly Sample[] => [
  ...new Map(
    samples.map((s) => [`${s.a.length} ${[s.k, s.ctorOptions].map((o) => Object.keys(o ?? {})).join()}`, s]),
  ).values(),
];

/** A few samples, each of a form of its own. */
export const firstForms = (samples: readonly Sample[]): readonly Sample[] => ofEachForm(samples).slice(0, 3);
