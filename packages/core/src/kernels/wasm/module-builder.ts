/**
 * A small assembler: builds the bytes of a WebAssembly module, instruction by instruction.
 *
 *     const module = new ModuleBuilder();
 *     module.define({ export: 'fill4' }, { address: 'i32', value: 'f32' }, (f, p) => {
 *       f.get(p.address).get(p.value).op('f32x4.splat').store('v128.store');
 *     });
 *     const { fill4 } = module.instantiate<{ fill4(address: number, value: number): void }>();
 *
 * Nothing is checked here beyond nesting: the engine validates the module when it is instantiated.
 */

import { nameBytes, unsigned, VALUE_TYPES, type ValueType, writeBytes, writeUnsigned } from './encoding.ts';
import { FunctionBuilder } from './function-builder.ts';
import { type Imports, instantiate } from './memory.ts';

export type { FloatLane, ValueType } from './encoding.ts';
export { FunctionBuilder } from './function-builder.ts';
export type { Label } from './instructions.ts';
export type { LaneOp, LoadOp, PlainOp, StoreOp } from './opcodes.ts';

/** What a function takes and gives, and under which names it is known. */
interface FunctionSignature {
  /** Name in stack traces and profiles; defaults to the export's. */
  readonly name?: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Name under which the module exports it. */
  readonly export?: string;
}

/** The local of each parameter, by name. */
export type ParametersOf<P> = { readonly [K in keyof P]: number };

/** Parameters of type i32, for {@link ModuleBuilder.define}. */
export function i32Params<N extends string>(...names: N[]): Record<N, 'i32'> {
  return Object.fromEntries(names.map((name) => [name, 'i32'])) as Record<N, 'i32'>;
}

interface Import {
  readonly name: string;
  readonly type: number;
}

/**
 * Collects imports and functions, and writes the module's bytes. Its memory is `env.memory`, the scratch memory
 * (memory.ts).
 */
export class ModuleBuilder {
  private readonly types: number[][] = [];
  private readonly typeIndices = new Map<string, number>();
  private readonly imports: Import[] = [];
  private readonly functions: { type: number; name: string; exported: string | undefined; body: number[] }[] =
    [];

  /** Imports the function `env[name]` and returns its index. Every import comes before the first `addFunction`. */
  importFunction(name: string, params: readonly ValueType[], results: readonly ValueType[]): number {
    if (this.functions.length > 0) throw new Error('assembler: import functions before adding any');
    this.imports.push({ name, type: this.typeIndex(params, results) });
    return this.imports.length - 1;
  }

  /** Adds a function, writes its body through `emit`, and returns its index. */
  addFunction(signature: FunctionSignature, emit: (f: FunctionBuilder) => void): number {
    const builder = new FunctionBuilder(signature.params);
    emit(builder);
    this.functions.push({
      type: this.typeIndex(signature.params, signature.results),
      name: signature.name ?? signature.export ?? '',
      exported: signature.export,
      body: builder.encode(),
    });
    return this.imports.length + this.functions.length - 1;
  }

  /** Adds a function whose parameters are known by name: `params` gives their types, in order. */
  define<P extends Readonly<Record<string, ValueType>>>(
    signature: { readonly name?: string; readonly export?: string; readonly result?: ValueType },
    params: P,
    emit: (f: FunctionBuilder, p: ParametersOf<P>) => void,
  ): number {
    const { result, ...names } = signature;
    const indices = Object.fromEntries(Object.keys(params).map((key, i) => [key, i]));
    return this.addFunction(
      { ...names, params: Object.values(params), results: result === undefined ? [] : [result] },
      (f) => emit(f, indices as ParametersOf<P>),
    );
  }

  /**
   * Compiles the module and instantiates it on the scratch memory, with the functions that it imports; returns its
   * exports.
   * @throws KindlingError as {@link instantiate}
   */
  instantiate<Exports>(env: Imports = {}): Exports {
    return instantiate<Exports>(this.build(), env);
  }

  /** The bytes of the module. */
  build(): Uint8Array<ArrayBuffer> {
    const out: number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
    section(out, 1, this.types, (type) => type);
    const memory = encodeImport('memory', [0x02, 0x00, 0x01]);
    const functions = this.imports.map(({ name, type }) => encodeImport(name, [0x00, ...unsigned(type)]));
    section(out, 2, [memory, ...functions], (bytes) => bytes);
    section(out, 3, this.functions, (f) => unsigned(f.type));
    const exported = this.functions.flatMap((f, i) =>
      f.exported === undefined
        ? []
        : [[...nameBytes(f.exported), 0x00, ...unsigned(this.imports.length + i)]],
    );
    section(out, 7, exported, (bytes) => bytes);
    section(out, 10, this.functions, (f) => [...unsigned(f.body.length), ...f.body]);
    this.writeNames(out);
    return new Uint8Array(out);
  }

  private typeIndex(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}>${results.join()}`;
    let index = this.typeIndices.get(key);
    if (index === undefined) {
      index = this.types.length;
      const bytes = [0x60];
      for (const list of [params, results]) {
        writeUnsigned(bytes, list.length);
        for (const type of list) bytes.push(VALUE_TYPES[type]);
      }
      this.types.push(bytes);
      this.typeIndices.set(key, index);
    }
    return index;
  }

  /** The custom section 'name', which profilers and stack traces read. */
  private writeNames(out: number[]): void {
    const named: number[] = [];
    let count = 0;
    for (const [i, f] of this.functions.entries()) {
      if (f.name === '') continue;
      count++;
      named.push(...unsigned(this.imports.length + i), ...nameBytes(f.name));
    }
    if (count === 0) return;
    const entries = [...unsigned(count), ...named];
    const content = [...nameBytes('name'), 1, ...unsigned(entries.length), ...entries];
    out.push(0, ...unsigned(content.length), ...content);
  }
}

function encodeImport(name: string, description: readonly number[]): number[] {
  return [...nameBytes('env'), ...nameBytes(name), ...description];
}

function section<T>(
  out: number[],
  id: number,
  items: readonly T[],
  encode: (item: T) => ArrayLike<number>,
): void {
  if (items.length === 0) return;
  const content = unsigned(items.length);
  for (const item of items) writeBytes(content, encode(item));
  out.push(id);
  writeUnsigned(out, content.length);
  writeBytes(out, content);
}
