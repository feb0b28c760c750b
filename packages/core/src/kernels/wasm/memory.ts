/**
 * The WebAssembly memory that eager kernels work in, one for all of them.
 *
 * A kernel call copies its operands in from offset 0 on, runs, and copies the result out; calls never nest, so nothing
 * is allocated or freed. The views below are live bindings, renewed when the memory grows: read them after
 * `ensureBytes`, and keep none of them across a call.
 */

import { KindlingError } from '../../errors.ts';

const PAGE_BYTES = 65536;
const INITIAL_PAGES = 64;

/** The scratch memory itself, imported by every kernel module as `env.memory`; made when first asked for. */
let memory: WebAssembly.Memory | undefined;

/** The scratch memory as float32 numbers. */
export let f32: Float32Array<ArrayBuffer> = new Float32Array(0);
/** The scratch memory as float64 numbers. */
export let f64: Float64Array<ArrayBuffer> = new Float64Array(0);
/** The scratch memory as 32-bit integers. */
export let i32: Int32Array<ArrayBuffer> = new Int32Array(0);
/** The scratch memory as bytes. */
export let u8: Uint8Array<ArrayBuffer> = new Uint8Array(0);
let byteLength = 0;

function renewViews(memory: OtherMemory): void {
  // Whoever works in it only reads and writes elements, for which it is no matter who else has the memory.
  const buffer = memory.buffer as ArrayBuffer;
  f32 = new Float32Array(buffer);
  f64 = new Float64Array(buffer);
  i32 = new Int32Array(buffer);
  u8 = new Uint8Array(buffer);
  byteLength = buffer.byteLength;
}

/** @throws KindlingError where there is no WebAssembly */
function scratchMemory(): WebAssembly.Memory {
  if (memory === undefined) {
    if (typeof WebAssembly === 'undefined')
      throw new KindlingError(
        "Kindling computes with WebAssembly, which this JavaScript engine lacks or has switched off (as Safari's lockdown mode does)",
      );
    memory = new WebAssembly.Memory({ initial: INITIAL_PAGES });
    renewViews(memory);
  }
  return memory;
}

/** The memory that stands in for the scratch memory, while {@link onOtherScratch} runs. */
let other: OtherMemory | null = null;

/** A memory that views can be made of, and that grows. */
interface OtherMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

/**
 * Runs `body` with another memory as scratch: what it copies in and out goes there. It may call no kernel but those
 * that work there, and make room by {@link ensureBytes} alone.
 */
export function onOtherScratch(memory: OtherMemory, body: () => void): void {
  const home = scratchMemory();
  other = memory;
  renewViews(memory);
  try {
    body();
  } finally {
    other = null;
    renewViews(home);
  }
}

/** No kernel's scratch reaches up to here: behind it lies what lasts (residence.ts). */
export const scratchLimit: number = 2 ** 26;

/** As many bytes behind what kernels asked for are never theirs: elements pass through them on their way there. */
export const passageBytes: number = PAGE_BYTES;

/** The first byte of that passage, until the memory grows. */
export const passageAt = (): number =>
  Math.min(scratchMemory().buffer.byteLength, scratchLimit + passageBytes) - passageBytes;

/**
 * Makes the scratch memory at least `bytes` long, and a passage longer; at least doubles it when it must grow.
 * @throws KindlingError where a kernel asks for more than there may be
 */
export function ensureBytes(bytes: number): void {
  if (bytes > scratchLimit)
    throw new KindlingError(`kernels work in ${scratchLimit} bytes at most, and one asked for ${bytes}`);
  const needed = bytes + passageBytes;
  if (needed <= byteLength) return;
  const scratch = other ?? scratchMemory();
  if (needed <= byteLength) return;
  const wanted = Math.max(Math.ceil(needed / PAGE_BYTES), Math.min((2 * byteLength) / PAGE_BYTES, 32768));
  scratch.grow(wanted - byteLength / PAGE_BYTES);
  renewViews(scratch);
}

/** Makes the memory at least `bytes` long, and no longer than that takes: for what stays in it. */
export function growTo(bytes: number): void {
  const scratch = scratchMemory();
  if (bytes <= byteLength) return;
  scratch.grow(Math.ceil((bytes - byteLength) / PAGE_BYTES));
  renewViews(scratch);
}

/** The whole of the memory, as it is until it grows. */
export const wholeMemory = (): ArrayBuffer => scratchMemory().buffer as ArrayBuffer;

/** Rounds a byte offset up to a multiple of 16, the size of a vector. */
export function align16(bytes: number): number {
  return (bytes + 15) & ~15;
}

/** Bytes of a page of the machine. */
const machinePage = 4096;

/**
 * The first multiple of 16 from `bytes` on to which, and from which, arrays are copied well. On AMD's processors a copy
 * takes ten to twenty times as long where its target lies 16 bytes behind its source, whole pages not counted. Large
 * arrays begin 16 bytes behind the beginning of a page, so what lies within the first 64 bytes of one is avoided.
 */
export function clearOfPages(bytes: number): number {
  const start = align16(bytes);
  const within = start % machinePage;
  return within < 64 ? start + 64 - within : start;
}

/** The functions that a module imports, by name. */
export type Imports = Readonly<Record<string, (...args: number[]) => unknown>>;

/** Has a module compiled in its own way; gives what `compile` gives. */
export interface Compiling {
  <T>(compile: () => T): T;
  /** What is to be called when a function of the module has run, and before it calls one of JavaScript. */
  readonly settle?: () => unknown;
}

/** Compiles as the engine does by itself. */
export const compilingAsIs: Compiling = (compile) => compile();

let compilingNow = compilingAsIs;

/** Has modules compiled in this way from now on. */
export function compileBy(compiling: Compiling): void {
  compilingNow = compiling;
}

/** How modules are compiled unless told otherwise. */
export const presentCompiling = (): Compiling => compilingNow;

/** By this name a module imports {@link Compiling.settle}, where it calls it itself. */
export const SETTLE = 'settle';

/** What an exported function was made from. */
export interface Origin {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly env: Imports;
  readonly compiling: Compiling;
}

const origins = new WeakMap<
  object,
  { readonly origin: Origin; readonly name: string; readonly bare: Kernel }
>();

type Kernel = (...args: number[]) => unknown;

/** A function of a module that is run from JavaScript. */
export function settledAfter(f: Kernel, { settle }: Compiling): Kernel {
  if (settle === undefined) return f;
  // Programs are run often, and have no arguments to hand on.
  if (f.length === 0)
    return () => {
      const found = f();
      settle();
      return found;
    };
  return (...args) => {
    const found = f(...args);
    settle();
    return found;
  };
}

/** A function of JavaScript that a module imports, with all that it does. */
export const settledBefore = (f: Kernel, env: Imports, { settle }: Compiling): Kernel =>
  settle === undefined || SETTLE in env
    ? f
    : (...args) => {
        settle();
        return f(...args);
      };

/** Whether {@link instantiate} gave a function. */
export const hasOrigin = (f: object): boolean => origins.has(f);

/** What a function that {@link instantiate} gave was made from, and the name it was exported by. */
export function originOf(kernel: (...args: number[]) => unknown): { origin: Origin; name: string } {
  const found = origins.get(kernel);
  if (found === undefined) throw new KindlingError('no kernel of WebAssembly, and so on no other memory');
  return found;
}

/**
 * Compiles and instantiates a module on the scratch memory, synchronously; returns its exports. `compiling` is how it
 * is compiled, here and again where another memory needs it.
 * @throws KindlingError where there is no WebAssembly, a page's policy forbids it, or it has no SIMD
 */
export function instantiate<Exports>(
  bytes: Uint8Array<ArrayBuffer>,
  env: Imports = {},
  compiling: Compiling = compilingNow,
): Exports {
  const functions = Object.entries(env).map(([name, f]) => [
    name,
    origins.get(f)?.bare ?? settledBefore(f, env, compiling),
  ]);
  const imports = { env: { memory: scratchMemory(), ...Object.fromEntries(functions) } };
  const exports = compiling(
    () => new WebAssembly.Instance(compiled(bytes) as WebAssembly.Module, imports).exports,
  );
  const origin = { bytes, env, compiling };
  const kernels = Object.entries(exports as Record<string, Kernel>).map(([name, bare]) => {
    const kernel = settledAfter(bare, compiling);
    origins.set(kernel, { origin, name, bare });
    return [name, kernel];
  });
  return Object.fromEntries(kernels) as Exports;
}

/** A `WebAssembly.Module`. */
export type CompiledModule = object;

/** @throws KindlingError as {@link instantiate} */
export function compiled(bytes: Uint8Array<ArrayBuffer>): CompiledModule {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    // Browsers word a refusal each in their own way; but what is valid and still not compiled was refused.
    throw new KindlingError(
      WebAssembly.validate(bytes)
        ? "Kindling computes with WebAssembly, which this page's Content-Security-Policy forbids: add 'wasm-unsafe-eval' to its " +
            `script-src, as in "script-src 'self' 'wasm-unsafe-eval'" (${String(cause)})`
        : 'Kindling computes with WebAssembly SIMD, which this JavaScript engine lacks: it is in Chrome and Edge 91, Firefox 89, ' +
            `Safari 16.4, Node 16.4 and what is newer (${String(cause)})`,
      { cause },
    );
  }
}
