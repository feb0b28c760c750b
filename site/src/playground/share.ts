/** Programs in addresses: what stands behind the # never leaves the browser. */
import { compressToEncodedURIComponent, decompressFromEncodedURIComponent } from 'lz-string';
import type { Point } from '../page/protocol.ts';

interface Shared {
  readonly code: string;
  /** Points that were moved, and the set they were moved from. */
  readonly set?: string;
  readonly points?: readonly Point[];
}

/** Points as `x, y, label` in a row, without what makes them long. */
const packed = (points: readonly Point[]): number[] => points.flatMap(({ x, y, label }) => [x, y, label]);

function unpacked(numbers: unknown): Point[] | undefined {
  if (!Array.isArray(numbers) || numbers.length < 6 || numbers.length > 3000) return undefined;
  const points: Point[] = [];
  for (let i = 0; i + 2 < numbers.length; i += 3) {
    const [x, y, label] = numbers.slice(i, i + 3) as unknown[];
    if (typeof x !== 'number' || typeof y !== 'number' || !(Math.abs(x) <= 2) || !(Math.abs(y) <= 2))
      return undefined;
    points.push({ x, y, label: label === 1 ? 1 : 0 });
  }
  return points;
}

export function hashOf({ code, set, points }: Shared): string {
  return `#code=${compressToEncodedURIComponent(JSON.stringify({ code, ...(set && points && { set, points: packed(points) }) }))}`;
}

/** What an address holds; `undefined` where it holds nothing, or nothing that was written by `hashOf`. */
export function sharedIn(hash: string): Shared | undefined {
  const text = /^#code=([\w+$-]+)$/.exec(hash)?.[1];
  if (text === undefined) return undefined;
  try {
    const read = JSON.parse(decompressFromEncodedURIComponent(text)) as Record<string, unknown> | null;
    if (typeof read?.code !== 'string') return undefined;
    const points = unpacked(read.points);
    return { code: read.code, ...(points && typeof read.set === 'string' && { set: read.set, points }) };
  } catch {
    return undefined;
  }
}
