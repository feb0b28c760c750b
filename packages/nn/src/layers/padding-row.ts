import { ValueError } from '@kindling/core';

/** The row of a table that gets no gradient, counted from the start; `null` for none. */
export function paddingRow(caller: string, paddingIdx: number | null, rows: number): number | null {
  if (paddingIdx === null) return null;
  if (!Number.isInteger(paddingIdx) || paddingIdx >= rows || paddingIdx < -rows) {
    throw new ValueError(
      `${caller}: Padding_idx must be within num_embeddings, got ${paddingIdx} for ${rows} rows`,
    );
  }
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}
