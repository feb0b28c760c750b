/** Arrays and buffers whose memory was transferred to another thread. */
import { ValueError } from './errors.ts';

/** @internal Whether an array, or a buffer, was transferred: nothing can be read of it. */
export function isGone(memory: ArrayBufferView | ArrayBufferLike): boolean {
  if (memory.byteLength > 0) return false;
  try {
    new Uint8Array(ArrayBuffer.isView(memory) ? memory.buffer : memory);
    return false;
  } catch {
    return true;
  }
}

/** @internal Throws a ValueError where {@link isGone}. */
export function requireMemory(memory: ArrayBufferView | ArrayBufferLike, caller: string): void {
  if (!isGone(memory)) return;
  throw new ValueError(
    `${caller}: the memory of what was given was transferred (postMessage, structuredClone), and nothing is left of it; ` +
      'transfer a copy',
  );
}
