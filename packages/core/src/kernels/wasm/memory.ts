/**
 * The one WebAssembly memory that every kernel works in.
 *
 * A kernel call copies its operands in from offset 0 on, runs, and copies the result out; calls never nest, so nothing
 * is allocated or freed. The views below are live bindings, renewed when the memory grows: read them after
 * `ensureBytes`, and keep none of them across a call.
 */

import { ModuleBuilder } from './module-builder.ts';

const PAGE_BYTES = 65536;
const INITIAL_PAGES = 64;

/** The scratch memory itself, imported by every kernel module as `env.memory`. */
export const memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: INITIAL_PAGES });

/** The scratch memory as float32 numbers. */
export let f32: Float32Array<ArrayBuffer>;
/** The scratch memory as float64 numbers. */
export let f64: Float64Array<ArrayBuffer>;
/** The scratch memory as 32-bit integers. */
export let i32: Int32Array<ArrayBuffer>;
/** The scratch memory as bytes. */
export let u8: Uint8Array<ArrayBuffer>;
let byteLength = 0;

function renewViews(): void {
  const buffer = memory.buffer as ArrayBuffer;
  f32 = new Float32Array(buffer);
  f64 = new Float64Array(buffer);
  i32 = new Int32Array(buffer);
  u8 = new Uint8Array(buffer);
  byteLength = buffer.byteLength;
}

renewViews();

/** Makes the scratch memory at least `bytes` long; at least doubles it when it must grow. */
export function ensureBytes(bytes: number): void {
  if (bytes <= byteLength) return;
  const wanted = Math.max(Math.ceil(bytes / PAGE_BYTES), Math.min((2 * byteLength) / PAGE_BYTES, 32768));
  memory.grow(wanted - byteLength / PAGE_BYTES);
  renewViews();
}

/** Rounds a byte offset up to a multiple of 16, the size of a vector. */
export function align16(bytes: number): number {
  return (bytes + 15) & ~15;
}

/** Compiles and instantiates a module on the scratch memory, synchronously; returns its exports. */
export function instantiate<Exports>(
  bytes: Uint8Array<ArrayBuffer>,
  env: Readonly<Record<string, (...args: number[]) => unknown>> = {},
): Exports {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, ...env } });
  return instance.exports as Exports;
}

function validatesRelaxedSimd(): boolean {
  const probe = new ModuleBuilder();
  probe.addFunction({ params: ['v128'], results: ['v128'] }, (f) => {
    f.get(0).get(0).get(0).op('f32x4.relaxed_madd');
  });
  return WebAssembly.validate(probe.build());
}

/** Whether the engine runs relaxed SIMD, and with it fused multiply-add (Node 20 does not). */
export const hasRelaxedSimd: boolean = validatesRelaxedSimd();
