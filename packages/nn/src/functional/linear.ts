import { formatShape, linear, ShapeError, type Tensor } from '@kindling/core';

export { linear };

/**
 * y_k = x1^T W_k x2 + b_k, for each leading index of the inputs. `input1` has shape (*, I1), `input2` (*, I2), `weight`
 * (O, I1, I2), `bias` (O,); the result (*, O). Follows `torch.nn.functional.bilinear`.
 */
export function bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
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
}

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
