/** The named functions of expressions: ONNX's of that name, or what they are composed of there. */
import type { ExpressionWriter } from './expression.ts';
import type { Name } from './graph.ts';

type Write = (w: ExpressionWriter, ...x: Name[]) => Name;

const one =
  (opType: string): Write =>
  (w, x = '') =>
    w.graph.add(opType, [x]);
/** The function of a multiple: log2(x) = log(x) / log(2). */
const scaled =
  (opType: string, factor: number): Write =>
  (w, x = '') =>
    w.graph.add('Mul', [w.graph.add(opType, [x]), w.constant(factor)]);
const two =
  (write: (w: ExpressionWriter, a: Name, b: Name) => Name): Write =>
  (w, a = '', b = '') =>
    write(w, a, b);

/** Rounded toward zero. */
export const truncated = (w: ExpressionWriter, x: Name): Name =>
  w.graph.add('Mul', [w.graph.add('Sign', [x]), w.graph.add('Floor', [w.graph.add('Abs', [x])])]);

/** log(1 + x), exact near 0: what 1 + x lost in rounding is made good by a factor. */
const log1p: Write = (w, x = '') => {
  const { graph } = w;
  const sum = graph.add('Add', [x, w.constant(1)]);
  const difference = graph.add('Sub', [sum, w.constant(1)]);
  const isTiny = graph.add('Equal', [difference, w.constant(0)]);
  const divisor = graph.add('Where', [isTiny, w.constant(1), difference]);
  const corrected = graph.add('Mul', [graph.add('Log', [sum]), graph.add('Div', [x, divisor])]);
  const isFinite = graph.add('Less', [x, w.constant(Number.POSITIVE_INFINITY)]);
  return graph.add('Where', [isTiny, x, graph.add('Where', [isFinite, corrected, graph.add('Log', [sum])])]);
};

/** e^x - 1, exact near 0: 2 sinh(x / 2) e^(x / 2), of which ONNX's sinh is exact; what is large is plain. */
const expm1: Write = (w, x = '') => {
  const { graph } = w;
  const half = graph.add('Mul', [x, w.constant(0.5)]);
  const product = graph.add('Mul', [graph.add('Sinh', [half]), graph.add('Exp', [half])]);
  const isSmall = graph.add('Less', [graph.add('Abs', [x]), w.constant(1)]);
  const plain = graph.add('Sub', [graph.add('Exp', [x]), w.constant(1)]);
  return graph.add('Where', [isSmall, graph.add('Mul', [product, w.constant(2)]), plain]);
};

/** The rest of a division with the divisor's sign. */
const remainder = (w: ExpressionWriter, a: Name, b: Name): Name => {
  const { graph } = w;
  if (!w.isFloat) return graph.add('Mod', [a, b]);
  const rest = graph.add('Mod', [a, b], { fmod: 1 });
  const isOther = graph.add('Less', [
    graph.add('Mul', [graph.add('Sign', [rest]), graph.add('Sign', [b])]),
    w.constant(0),
  ]);
  return graph.add('Where', [isOther, graph.add('Add', [rest, b]), rest]);
};

/** The angle of (x, y). */
const atan2 = (w: ExpressionWriter, y: Name, x: Name): Name => {
  const { graph } = w;
  const less = (a: Name): Name => graph.add('Less', [a, w.constant(0)]);
  const isZero = (a: Name): Name => graph.add('Equal', [a, w.constant(0)]);
  const angle = graph.add('Atan', [graph.add('Div', [y, x])]);
  const half = graph.add('Where', [less(y), w.constant(-Math.PI), w.constant(Math.PI)]);
  const turned = graph.add('Where', [less(x), graph.add('Add', [angle, half]), angle]);
  return graph.add('Where', [graph.add('And', [isZero(x), isZero(y)]), w.constant(0), turned]);
};

const hypot = (w: ExpressionWriter, a: Name, b: Name): Name => {
  const { graph } = w;
  const sizes = [graph.add('Abs', [a]), graph.add('Abs', [b])];
  const most = graph.add('Max', sizes);
  const divisor = graph.add('Where', [graph.add('Equal', [most, w.constant(0)]), w.constant(1), most]);
  const [x = '', y = ''] = sizes.map((size) => graph.add('Div', [size, divisor]));
  const squares = graph.add('Add', [graph.add('Mul', [x, x]), graph.add('Mul', [y, y])]);
  return graph.add('Mul', [most, graph.add('Sqrt', [squares])]);
};

/** The part of a normal distribution below x. */
const normalCdf: Write = (w, x = '') => {
  const error = w.graph.add('Erf', [w.graph.add('Mul', [x, w.constant(Math.SQRT1_2)])]);
  return w.graph.add('Mul', [w.graph.add('Add', [error, w.constant(1)]), w.constant(0.5)]);
};

export const functions: Readonly<Record<string, Write>> = {
  exp: one('Exp'),
  exp2: (w, x = '') => w.graph.add('Pow', [w.constant(2), x]),
  expm1,
  log: one('Log'),
  log2: scaled('Log', Math.LOG2E),
  log10: scaled('Log', Math.LOG10E),
  log1p,
  log1pOfUnit: log1p,
  sin: one('Sin'),
  cos: one('Cos'),
  tan: one('Tan'),
  asin: one('Asin'),
  acos: one('Acos'),
  atan: one('Atan'),
  sinh: one('Sinh'),
  cosh: one('Cosh'),
  tanh: one('Tanh'),
  asinh: one('Asinh'),
  acosh: one('Acosh'),
  atanh: one('Atanh'),
  sigmoid: one('Sigmoid'),
  erf: one('Erf'),
  erfc: (w, x = '') => w.graph.add('Sub', [w.constant(1), w.graph.add('Erf', [x])]),
  normalCdf,
  pow: two((w, a, b) => w.graph.add('Pow', [a, b])),
  atan2: two(atan2),
  fmod: two((w, a, b) => w.graph.add('Mod', [a, b], { fmod: 1 })),
  remainder: two(remainder),
  floorDivide: two((w, a, b) => {
    if (w.isFloat) return w.graph.add('Floor', [w.graph.add('Div', [a, b])]);
    return w.graph.add('Div', [w.graph.add('Sub', [a, remainder(w, a, b)]), b]);
  }),
  hypot: two(hypot),
  trunc: (w, x = '') => truncated(w, x),
};
