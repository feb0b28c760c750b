import { isFloatingPoint } from '@kindling/core';
import { type FunctionCall, isValue } from '../../recording/index.ts';
import { float, isStatic, type Name } from '../graph.ts';
import { product } from '../lowering/lowering.ts';
import type { Scope } from '../translate.ts';
import { each, firstTensor, optionsOf, tensorAt } from './given.ts';
import type { FunctionLowering } from './index.ts';

function gelu(call: FunctionCall, scope: Scope): readonly Name[] | null {
  const x = firstTensor(call);
  if (x === null || x.dtype !== 'float32') return null;
  const { approximate = 'none' } = optionsOf(call);
  return [
    scope.graph.add(
      'Gelu',
      [scope.read(x)],
      approximate === 'none' ? {} : { approximate: String(approximate) },
    ),
  ];
}

/** A batch normalisation by statistics that are known. */
function batchNorm(call: FunctionCall, scope: Scope): readonly Name[] | null {
  const [x, mean, variance] = [
    firstTensor(call),
    tensorAt(call, 'runningMean'),
    tensorAt(call, 'runningVar'),
  ];
  const { weight, bias, training = false, eps = 1e-5 } = optionsOf(call);
  if (x === null || mean === null || variance === null || training === true) return null;
  const [, channels] = x.shape;
  if (x.dtype !== 'float32' || channels === undefined || !isStatic(channels) || x.shape.length < 2)
    return null;
  const { graph } = scope;
  const all = (value: number): Name =>
    graph.constant(new Array<number>(channels).fill(value), [channels], x.dtype);
  const factor = isValue(weight) ? scope.read(weight) : all(1);
  const summand = isValue(bias) ? scope.read(bias) : all(0);
  const inputs = [scope.read(x), factor, summand, scope.read(mean), scope.read(variance)];
  return [graph.add('BatchNormalization', inputs, { epsilon: float(Number(eps)) })];
}

/** Columns as images. */
function fold(call: FunctionCall, scope: Scope): readonly Name[] | null {
  const x = firstTensor(call);
  const { outputSize, kernelSize } = call.given;
  const { dilation = 1, padding = 0, stride = 1 } = optionsOf(call);
  const [image, block, dilations, pads, strides] = [outputSize, kernelSize, dilation, padding, stride].map(
    (n) => each(n, 2),
  );
  if (x === null || x.shape.length !== 3 || !isFloatingPoint(x.dtype)) return null;
  if (image == null || block == null || dilations == null || pads == null || strides == null) return null;
  if (product(block) === 0) return null;
  const { graph } = scope;
  return [
    graph.add('Col2Im', [scope.read(x), graph.sizes(image), graph.sizes(block)], {
      dilations,
      pads: [...pads, ...pads],
      strides,
    }),
  ];
}

export const standard: Readonly<Record<string, FunctionLowering>> = { gelu, batchNorm, fold, col2im: fold };
