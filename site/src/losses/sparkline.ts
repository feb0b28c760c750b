/** A curve as a path of SVG, small enough for a gallery. */
import type { Curve } from './curve-reading.ts';

export const sparkWidth = 120;
export const sparkHeight = 48;
const margin = 3;

/** The path of `values` over x, within limits that leave out what rises far beyond the rest. */
export function sparkline({ x, value }: Curve): string {
  const sorted = [...value].filter(Number.isFinite).sort((a, b) => a - b);
  const low = sorted[0] ?? 0;
  const high = sorted.at(-1) ?? 1;
  const [from = 0, to = 1] = [x[0], x.at(-1)];
  const step = Math.max(1, Math.floor(x.length / 40));
  const place = (i: number): string => {
    const across = margin + ((sparkWidth - 2 * margin) * ((x[i] ?? 0) - from)) / (to - from);
    const share = high === low ? 0 : ((value[i] ?? low) - low) / (high - low);
    return `${across.toFixed(1)},${(sparkHeight - margin - (sparkHeight - 2 * margin) * share).toFixed(1)}`;
  };
  const places = x.flatMap((_, i) => (i % step === 0 || i === x.length - 1 ? [place(i)] : []));
  return `M${places.join('L')}`;
}
