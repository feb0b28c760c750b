import { ShapeError, ValueError } from '../../../errors.ts';
import { formatShape, type Shape } from '../../../shape.ts';

/** @internal What an equation says, once the dimensions that an ellipsis covers have labels too. */
interface Equation {
  /** The labels of each operand's dimensions. */
  readonly operands: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/** Stands for the ellipsis among the labels of one term. */
const ellipsis = '...';

const fail = (message: string): never => {
  throw new ValueError(`einsum(): ${message}`);
};

/** The labels of one term of an equation, such as `ij` or `b...k`. */
function termLabels(term: string, equation: string): string[] {
  const labels: string[] = [];
  for (const part of term.match(/\.{3}|./gs) ?? []) {
    if (part === ' ') continue;
    if (part === '.') fail(`found '.' in equation '${equation}' that is not part of an ellipsis '...'`);
    if (part === ellipsis && labels.includes(ellipsis))
      fail(`found '...' more than once for one operand in equation '${equation}'`);
    if (part !== ellipsis && !/[a-zA-Z]/.test(part))
      fail(`invalid subscript '${part}' in equation '${equation}': subscripts must be in [a-zA-Z]`);
    labels.push(part);
  }
  return labels;
}

/** Labels for what the ellipses cover, numbered from the last dimension back, so that they align on the right. */
const coveredLabels = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `.${count - 1 - i}`);

const replaceEllipsis = (labels: readonly string[], covered: readonly string[]): string[] =>
  labels.flatMap((label) => (label === ellipsis ? covered : [label]));

/** The labels that occur once, in alphabetical order, after what ellipses cover. */
function implicitOutput(inputs: readonly (readonly string[])[], covered: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const label of inputs.flat()) counts.set(label, (counts.get(label) ?? 0) + 1);
  const once = [...counts].filter(([label, n]) => n === 1 && label !== ellipsis).map(([label]) => label);
  return [...covered, ...once.sort((a, b) => a.charCodeAt(0) - b.charCodeAt(0))];
}

/** Equations read before, by their text and the ranks of their operands. */
const known = new Map<string, Equation>();
const mostKnown = 256;

/** @internal {@link readEquation}, which is done once for each equation. */
export function parseEquation(equation: string, shapes: readonly Shape[]): Equation {
  let key = equation;
  for (const { length } of shapes) key += `/${length}`;
  let parsed = known.get(key);
  if (parsed === undefined) {
    parsed = readEquation(equation, shapes);
    if (known.size >= mostKnown) known.clear();
    known.set(key, parsed);
  }
  return parsed;
}

/** Reads an equation such as `'bij,bjk->bik'` for operands of the given shapes. Spaces count for nothing. */
function readEquation(equation: string, shapes: readonly Shape[]): Equation {
  const [left = '', right, ...rest] = equation.split('->');
  if (rest.length > 0) fail(`found more than one '->' in equation '${equation}'`);
  const inputs = left.split(',').map((term) => termLabels(term, equation));
  if (inputs.length !== shapes.length) {
    fail(
      `${inputs.length < shapes.length ? 'more' : 'fewer'} operands were provided than specified in the equation ` +
        `'${equation}': got ${shapes.length}, specified ${inputs.length}`,
    );
  }
  const terms = inputs.map((labels, i) => ({ labels, span: ellipsisSpan(labels, shapes[i]!, i) }));
  const covered = coveredLabels(Math.max(...terms.map(({ span }) => span)));
  const operands = terms.map(({ labels, span }) =>
    replaceEllipsis(labels, covered.slice(covered.length - span)),
  );
  const output =
    right === undefined
      ? implicitOutput(inputs, covered)
      : replaceEllipsis(termLabels(right, equation), covered);
  const known = new Set(operands.flat());
  output.forEach((label, i) => {
    if (output.indexOf(label) !== i) fail(`output subscript ${label} appears more than once in the output`);
    if (!known.has(label)) {
      fail(`output subscript ${label} does not appear in the equation '${equation}' for any input operand`);
    }
  });
  return { operands, output };
}

/** How many dimensions the ellipsis of an operand covers. */
function ellipsisSpan(labels: readonly string[], shape: Shape, i: number): number {
  const named = labels.filter((label) => label !== ellipsis).length;
  if (labels.includes(ellipsis) ? named > shape.length : named !== shape.length) {
    throw new ShapeError(
      `einsum(): the number of subscripts in the equation (${named}) does not match the number of dimensions ` +
        `(${shape.length}) for operand ${i} of shape ${formatShape(shape)}` +
        (labels.includes(ellipsis) ? '' : ' and no ellipsis was given'),
    );
  }
  return shape.length - named;
}

/** @internal The size of each label; a size of 1 broadcasts. */
export function labelSizes(operands: Equation['operands'], shapes: readonly Shape[]): Map<string, number> {
  const sizes = new Map<string, number>();
  operands.forEach((labels, i) => {
    const shape = shapes[i]!;
    labels.forEach((label, d) => {
      const size = shape[d]!;
      const seen = sizes.get(label) ?? 1;
      const first = labels.indexOf(label);
      if (first < d && shape[first] !== size) {
        throw new ShapeError(
          `einsum(): subscript ${label} is repeated for operand ${i} but the sizes don't match, ${size} != ${shape[first]}`,
        );
      }
      if (seen !== 1 && size !== 1 && seen !== size) {
        throw new ShapeError(
          `einsum(): subscript ${label} has size ${size} for operand ${i} which does not broadcast with previously ` +
            `seen size ${seen}`,
        );
      }
      if (size !== 1 || !sizes.has(label)) sizes.set(label, size);
    });
  });
  return sizes;
}
