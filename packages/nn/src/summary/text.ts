/** The table of a model's layers, in torchinfo's form. */
import type { LayerSummary, ModelSummary } from './model-summary.ts';

/** What a column of a summary shows. Kindling's own. */
export type SummaryColumn =
  | 'kernelSize'
  | 'inputSize'
  | 'outputSize'
  | 'numParams'
  | 'paramsPercent'
  | 'multAdds'
  | 'trainable'
  | 'memory';

/** How a summary is written. */
export interface Form {
  readonly depth: number;
  readonly colNames: readonly SummaryColumn[];
  /** The width of each column; `null`: as wide as what stands in it. */
  readonly colWidth: number | null;
  readonly varNames: boolean;
}

const none = '--';
/** Columns stand at least so far apart. */
const gap = 3;
/** The least width of torchinfo's first column, where widths are given. */
const nameWidth = 40;

const withCommas = (n: number): string => n.toLocaleString('en-US');
const sizeAsText = (size: readonly number[]): string => (size.length === 0 ? none : `[${size.join(', ')}]`);

/** Bytes in the unit that suits them, of a thousand each. */
function bytesAsText(bytes: number): string {
  if (bytes === 0) return none;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(2)} ${units[power]}`;
}

/** A column: its title, and what it says of a layer; `last` where layers below it are not shown. */
interface Column {
  readonly title: string;
  cell(layer: LayerSummary, last: boolean, model: ModelSummary): string;
}

/** How many parameters a row stands for: all where nothing below it is shown, else those that no layer below has. */
const paramsOf = (layer: LayerSummary, last: boolean): number =>
  last || layer.isLeaf ? layer.numParams : Math.max(0, layer.ownParams);

/** The multiply-adds of the layers without layers, from this row down. */
function multAddsBelow(layer: LayerSummary, { layers }: ModelSummary): number {
  const at = layers.indexOf(layer);
  let sum = layer.multAdds;
  for (const below of layers.slice(at + 1)) {
    if (below.depth <= layer.depth) break;
    sum += below.multAdds;
  }
  return sum;
}

const columns: Readonly<Record<SummaryColumn, Column>> = {
  kernelSize: { title: 'Kernel Shape', cell: ({ kernelSize }) => sizeAsText(kernelSize) },
  inputSize: { title: 'Input Shape', cell: ({ inputSize }) => sizeAsText(inputSize) },
  outputSize: { title: 'Output Shape', cell: ({ outputSize }) => sizeAsText(outputSize) },
  numParams: {
    title: 'Param #',
    cell(layer, last) {
      if (layer.numParams === 0) return none;
      if (layer.recursive) return '(recursive)';
      const n = paramsOf(layer, last);
      if (n === 0) return none;
      const whole = last || layer.isLeaf;
      return whole && layer.trainableParams === 0 ? `(${withCommas(n)})` : withCommas(n);
    },
  },
  paramsPercent: {
    title: 'Param %',
    cell(layer, last, { totalParams }) {
      if (totalParams === 0) return none.padStart(7);
      if (layer.recursive) return '(recursive)';
      const n = paramsOf(layer, last);
      return (n === 0 ? none : `${((100 * n) / totalParams).toFixed(2)}%`).padStart(7);
    },
  },
  multAdds: {
    title: 'Mult-Adds',
    cell(layer, last, model) {
      const n = last ? multAddsBelow(layer, model) : layer.multAdds;
      return n === 0 ? none : withCommas(n);
    },
  },
  trainable: {
    title: 'Trainable',
    cell({ numParams, trainableParams }) {
      if (numParams === 0) return none;
      if (trainableParams === 0) return 'False';
      return trainableParams === numParams ? 'True' : 'Partial';
    },
  },
  memory: { title: 'Output Memory', cell: ({ outputBytes }) => bytesAsText(outputBytes) },
};

/** The columns there are. */
export const columnNames = Object.keys(columns) as readonly SummaryColumn[];

function layerTitle({ className, name, depth, index }: LayerSummary, varNames: boolean): string {
  const branch = depth < 2 ? (depth === 1 ? '├─' : '') : `${'│    '.repeat(depth - 1)}└─`;
  return `${branch}${className}${varNames && name !== '' ? ` (${name})` : ''}${depth > 0 ? `: ${depth}-${index}` : ''}`;
}

/** A count, in millions or more: `(M): 1.23`. */
function inMillions(n: number): string {
  const [unit, by] = n >= 1e12 ? ['T', 1e12] : n >= 1e9 ? ['G', 1e9] : ['M', 1e6];
  const value = n / Number(by);
  return `(${unit}): ${Number.isInteger(value) ? withCommas(value) : value.toFixed(2)}`;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2);

/** The summary as a table, with the totals below it. */
export function summaryText(model: ModelSummary, { depth, colNames, colWidth, varNames }: Form): string {
  const chosen = colNames.map((name) => columns[name]);
  const shown = model.layers.filter((layer) => layer.depth <= depth);
  const rows = [
    [`Layer (type${varNames ? ' (var_name)' : ''}:depth-idx)`, ...chosen.map(({ title }) => title)],
    ...shown.map((layer) => [
      layerTitle(layer, varNames),
      ...chosen.map(({ cell }) => cell(layer, layer.depth === depth, model)),
    ]),
  ];
  const widest = [0, ...chosen].map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const widths = widest.map((n, i) => {
    if (colWidth === null) return i === widest.length - 1 ? n : n + gap;
    return i === 0 ? Math.max(nameWidth, Math.ceil((n + 1) / 5) * 5) + 1 : colWidth + 1;
  });
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('')
      .trimEnd(),
  );
  const [header = '', ...body] = lines;
  const totals = [
    `Total params: ${withCommas(model.totalParams)}`,
    `Trainable params: ${withCommas(model.trainableParams)}`,
    `Non-trainable params: ${withCommas(model.frozenParams)}`,
  ];
  const sizes = [
    `Input size (MB): ${megabytes(model.inputBytes)}`,
    `Forward/backward pass size (MB): ${megabytes(model.passBytes)}`,
    `Params size (MB): ${megabytes(model.paramBytes)}`,
    `Estimated Total Size (MB): ${megabytes(model.totalBytes)}`,
  ];
  if (model.ran) totals.push(`Total mult-adds ${inMillions(model.totalMultAdds)}`);
  const least = Math.max(...[...totals, ...(model.ran ? sizes : [])].map((line) => line.length));
  const all = widths.reduce((a, b) => a + b, 0);
  const line = '='.repeat(colWidth === null ? Math.max(least, all) : all - widths.length);
  return [line, header, line, ...body, line, ...totals, ...(model.ran ? [line, ...sizes] : []), line].join(
    '\n',
  );
}
