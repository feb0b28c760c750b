/** Which classes were taken for which. */
import type { Tensor } from '@kindling/core';
import { Table } from 'console-table-printer';

/** How often each class (row) was predicted as each (column). */
export function confusionMatrix(predicted: Tensor, labels: Tensor, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const guesses = predicted.data;
  for (const [i, label] of labels.data.entries()) matrix[label]![guesses[i]!]!++;
  return matrix;
}

/** Prints the matrix, with the part of each class that was found. */
export function printConfusion(matrix: readonly (readonly number[])[], names: readonly string[]): void {
  console.log('\nConfusion matrix (rows: label, columns: prediction)');
  // Without lines it fits 80 characters.
  const line = { left: '', mid: '', right: '', other: '' };
  const table = new Table({
    shouldDisableColors: !process.stdout.isTTY,
    style: { headerTop: line, headerBottom: line, tableBottom: line, vertical: '' },
    columns: ['label', ...names, 'recall'].map((name) => ({ name, alignment: 'right' })),
  });
  for (const [label, row] of matrix.entries()) {
    const total = row.reduce((a, b) => a + b, 0);
    const cells = Object.fromEntries(
      row.map((count, predicted) => [names[predicted], count === 0 ? '·' : count]),
    );
    table.addRow({ label: names[label], ...cells, recall: `${((100 * row[label]!) / total).toFixed(1)} %` });
  }
  table.printTable();
}
