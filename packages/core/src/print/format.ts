import type { DType } from '../dtype.ts';
import { numelOf, type StridedElements } from '../shape.ts';
import { toPythonExponential, toPythonFixed } from './number.ts';
import { getPrintOptions, type PrintOptions } from './options.ts';

export interface FormatOptions {
  readonly requiresGrad?: boolean;
  /** The name of the node that made the tensor, such as 'AddBackward0'; it replaces requires_grad=True. */
  readonly gradFnName?: string | undefined;
  /** Prints `Parameter containing:` on a line before the tensor. */
  readonly parameter?: boolean;
}

/** PyTorch's names of the dtypes; int32 stands for its int64 and prints as that. */
const torchName: Record<DType, string> = {
  float32: 'torch.float32',
  float64: 'torch.float64',
  int32: 'torch.int64',
  uint8: 'torch.uint8',
  bool: 'torch.bool',
};

/** The dtypes that numbers in brackets are read back as, and that therefore go unnamed. */
const selfEvident: ReadonlySet<DType> = new Set(['float32', 'int32', 'bool']);

const PREFIX = 'tensor(';

/**
 * The printed form of a tensor, byte for byte that of PyTorch's `repr` under the {@link PrintOptions} in force.
 * Of a summarised tensor only the elements shown are read. Follows `torch._tensor_str`.
 */
export function formatTensor(tensor: StridedElements, options: FormatOptions = {}): string {
  const print = getPrintOptions();
  const { shape, dtype } = tensor;
  const suffixes: string[] = [];
  const size = `size=(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  let body: string;
  if (numelOf(shape) === 0) {
    body = '[]';
    if (shape.length !== 1) suffixes.push(size);
    if (dtype !== 'float32') suffixes.push(`dtype=${torchName[dtype]}`);
  } else {
    body = formatBody(tensor, PREFIX.length, print);
    if (print.edgeitems === 0) suffixes.push(size);
    if (!selfEvident.has(dtype)) suffixes.push(`dtype=${torchName[dtype]}`);
  }
  if (options.gradFnName !== undefined) suffixes.push(`grad_fn=<${options.gradFnName}>`);
  else if (options.requiresGrad) suffixes.push('requires_grad=True');
  const text = addSuffixes(PREFIX + body, suffixes, print.linewidth);
  return options.parameter ? `Parameter containing:\n${text}` : text;
}

/** Closes the parenthesis after the suffixes, each on a new line where the present one would grow too long. */
function addSuffixes(text: string, suffixes: readonly string[], linewidth: number): string {
  let lineLength = text.length - text.lastIndexOf('\n') + 1;
  let result = text;
  for (const suffix of suffixes) {
    if (lineLength + suffix.length + 2 > linewidth) {
      result += `,\n${' '.repeat(PREFIX.length)}${suffix}`;
      lineLength = PREFIX.length + suffix.length;
    } else {
      result += `, ${suffix}`;
      lineLength += suffix.length + 2;
    }
  }
  return `${result})`;
}

interface NumberFormat {
  readonly width: number;
  /** The text of one element, filled with blanks to the width. */
  format(value: number): string;
}

/** The brackets and numbers of a tensor that has elements, for a line that already holds `indent` characters. */
function formatBody(tensor: StridedElements, indent: number, print: PrintOptions): string {
  const { shape, strides, storage, offset } = tensor;
  const { array } = storage;
  const { edgeitems } = print;
  const summarize = numelOf(shape) > print.threshold;

  /** The indices shown along each dimension; -1 stands for the dots between both ends. */
  const dims = shape.map((length, d) => {
    const whole = !summarize || length <= 2 * edgeitems;
    const head = Array.from({ length: whole ? length : edgeitems }, (_, i) => i);
    const shown = whole ? head : [...head, -1, ...head.map((i) => length - edgeitems + i)];
    return { shown, stride: strides[d]! };
  });

  const values: number[] = [];
  const collect = (d: number, at: number): void => {
    const dim = dims[d];
    if (dim === undefined) values.push(array[at]!);
    else for (const i of dim.shown) if (i >= 0) collect(d + 1, at + i * dim.stride);
  };
  collect(0, offset);
  const numbers = numberFormat(values, tensor.dtype, print);

  const render = (d: number, at: number, column: number): string => {
    const dim = dims[d];
    if (dim === undefined) return numbers.format(array[at]!);
    const { shown, stride } = dim;
    const rest = shape.length - d - 1;
    const dots = rest > 0 || edgeitems === 0 ? '...' : ' ...';
    const texts = shown.map((i) => (i < 0 ? dots : render(d + 1, at + i * stride, column + 1)));
    if (rest > 0) return `[${texts.join(`,${'\n'.repeat(rest)}${' '.repeat(column + 1)}`)}]`;
    const perLine = Math.max(1, Math.floor((print.linewidth - column) / (numbers.width + 2)));
    const lines: string[] = [];
    for (let i = 0; i < texts.length; i += perLine) lines.push(texts.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,\n${' '.repeat(column + 1)}`)}]`;
  };
  return render(0, offset, indent);
}

/** Chooses one form for all numbers: integers, decimals or scientific notation, and their common width. */
function numberFormat(values: readonly number[], dtype: DType, print: PrintOptions): NumberFormat {
  if (dtype === 'bool') return aligned(values, (value) => (value ? 'True' : 'False'));
  if (dtype === 'int32' || dtype === 'uint8') return aligned(values, String);

  // Zeros and non-finite numbers have no say in the form.
  const decisive = values.filter((value) => value !== 0 && Number.isFinite(value));
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  let integers = true;
  for (const value of decisive) {
    const magnitude = Math.abs(value);
    smallest = Math.min(smallest, magnitude);
    largest = Math.max(largest, magnitude);
    integers &&= Number.isInteger(value);
  }
  const { precision } = print;
  const scientific =
    decisive.length > 0 && (print.sciMode ?? (largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4));
  if (scientific) return aligned(decisive, (value) => toPythonExponential(value, precision));
  if (!integers) return aligned(decisive, (value) => toPythonFixed(value, precision));
  return aligned(decisive, (value) => toPythonFixed(value, 0) + (Number.isFinite(value) ? '.' : ''));
}

function aligned(decisive: readonly number[], text: (value: number) => string): NumberFormat {
  let width = 1;
  for (const value of decisive) width = Math.max(width, text(value).length);
  return { width, format: (value) => text(value).padStart(width) };
}
