import {
  checkArguments,
  composition,
  formatShape,
  K,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { uniform_ } from '../init/fills.ts';
import { Module } from '../module/module.ts';
import type { Parameter } from '../module/parameter.ts';
import { pyBool } from '../module/print.ts';
import { emptyParameter, layerKinds } from './factory.ts';
import type { LinearOptions } from './linear.ts';

/**
 * y_k = x1^T W_k x2 + b_k, for each leading index of the inputs. `input1` has shape (*, I1), `input2` (*, I2), `weight`
 * (O, I1, I2), `bias` (O,); the result (*, O). Follows `torch.nn.functional.bilinear`.
 * @throws ShapeError when these shapes do not fit each other.
 */
export const bilinear = /* @__PURE__ */ composition(
  'bilinear',
  { input1: K.tensor, input2: K.tensor, weight: K.tensor, bias: K.nullable(K.tensor) },
  (input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor => {
    checkBilinear(input1, input2, weight, bias);
    const [outFeatures, in1, in2] = weight.shape as [number, number, number];
    const lead = input1.shape.slice(0, -1);
    const x1 = input1.reshape([-1, in1]);
    const x2 = input2.reshape([-1, in2]);
    const rows = lead.reduce((n, size) => n * size, 1);
    const left = x1.matmul(weight.permute([1, 0, 2]).reshape([in1, outFeatures * in2]));
    const y = left
      .reshape([rows, outFeatures, in2])
      .matmul(x2.unsqueeze(2))
      .reshape([...lead, outFeatures]);
    return bias === null ? y : y.add(bias);
  },
);

function checkBilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | null): void {
  if (weight.ndim !== 3) {
    throw new ShapeError(
      `bilinear: expected a weight of shape (out, in1, in2), got ${formatShape(weight.shape)}`,
    );
  }
  if (input1.ndim !== input2.ndim || input1.shape.slice(0, -1).some((size, d) => size !== input2.shape[d])) {
    throw new ShapeError(
      'bilinear(): input batch dimensions do not match: ' +
        `got ${formatShape(input1.shape)} and ${formatShape(input2.shape)}, which may differ in the last size only`,
    );
  }
  [input1, input2].forEach((x, i) => {
    const size = x.shape[x.ndim - 1];
    if (size !== weight.shape[i + 1]) {
      throw new ShapeError(
        `bilinear(): input${i + 1} size does not match weight size: got ${size} but expected ${weight.shape[i + 1]}`,
      );
    }
  });
  if (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw new ShapeError(
      `bilinear(): bias size does not match weight size: got ${formatShape(bias.shape)} but expected [${weight.shape[0]}]`,
    );
  }
}

/**
 * y = x1^T A x2 + b. Shapes: x1 (*, in1Features), x2 (*, in2Features), y (*, outFeatures). Parameters start uniform in
 * +-1 / sqrt(in1Features). Follows `torch.nn.Bilinear`.
 * @throws ValueError when in1Features is not positive.
 * @throws ShapeError when the inputs do not fit these sizes, or each other.
 * @example new nn.Bilinear(20, 30, 40)(randn([128, 20]), randn([128, 30])).shape; // [ 128, 40 ]
 */
export class Bilinear extends Module<[Tensor, Tensor], Tensor> {
  /** The last size of x1. */
  readonly in1Features: number;
  /** The last size of x2. */
  readonly in2Features: number;
  /** The last size of y. */
  readonly outFeatures: number;
  /** A, (outFeatures, in1Features, in2Features). */
  weight: Parameter;
  /** b, (outFeatures,), or `null` where nothing is added. */
  bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options: LinearOptions = {}) {
    checkArguments(
      new.target.name,
      {
        in1Features: K.integer,
        in2Features: K.count,
        outFeatures: K.count,
        options: K.options<LinearOptions>({ bias: K.flag, ...layerKinds }),
      },
      arguments,
    );
    super();
    if (in1Features <= 0) throw new ValueError(`Bilinear: in1_features must be > 0, but got ${in1Features}`);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, in1Features, in2Features], options);
    this.bias = (options.bias ?? true) ? emptyParameter([outFeatures], options) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.weight.size(1));
    uniform_(this.weight, { a: -bound, b: bound });
    if (this.bias !== null) uniform_(this.bias, { a: -bound, b: bound });
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return bilinear(x1, x2, this.weight, this.bias);
  }

  override extraRepr(): string {
    return (
      `in1_features=${this.in1Features}, in2_features=${this.in2Features}, ` +
      `out_features=${this.outFeatures}, bias=${pyBool(this.bias !== null)}`
    );
  }
}
