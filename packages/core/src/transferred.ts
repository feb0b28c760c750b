/** Arrays and buffers whose memory was transferred to another thread, or cut off. */
import { ValueError } from './errors.ts';

/**
 * @internal Whether an array, or a buffer, was transferred, or lies beyond what a buffer was cut to: nothing can be read
 * of it.
 */
export function isGone(memory: ArrayBufferView | ArrayBufferLike): boolean {
  try {
    // A DataView throws here, arrays say that they are empty.
    if (memory.byteLength > 0) return false;
    new Uint8Array(ArrayBuffer.isView(memory) ? memory.buffer : memory);
    if (ArrayBuffer.isView(memory) && !(memory instanceof DataView)) (memory as Uint8Array).keys();
    return false;
  } catch {
    return true;
  }
}

/** @internal Throws a ValueError where {@link isGone}. */
export function requireMemory(memory: ArrayBufferView | ArrayBufferLike, caller: string): void {
  if (!isGone(memory)) return;
  throw new ValueError(
    `${caller}: the memory of what was given was transferred (postMessage, structuredClone) or cut off (resize), and nothing ` +
      'is left of it; transfer a copy',
  );
}
