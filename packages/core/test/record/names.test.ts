/** What gradFn says an operation is: PyTorch's name, with the number of the form that was called. */

import { expect, it } from 'vitest';
import * as K from '../../src/index.ts';

const x = K.tensor([[1.5, 2]], { requiresGrad: true });
const vector = K.tensor([1, 2.5, 3], { requiresGrad: true });
const square = K.tensor(
  [
    [4.5, 1],
    [1, 3],
  ],
  { requiresGrad: true },
);
const mask = K.tensor([[true, false]]);

it.each<[string, () => K.Tensor]>([
  ['SumBackward0', () => x.sum()],
  ['SumBackward1', () => x.sum(0)],
  ['MeanBackward1', () => x.mean(0)],
  ['ProdBackward0', () => x.prod()],
  ['ProdBackward1', () => x.prod(0)],
  ['MedianBackward0', () => x.median()],
  ['MedianBackward1', () => x.median(0).values],
  ['NanmedianBackward0', () => x.nanmedian()],
  ['NanmedianBackward1', () => x.nanmedian(0).values],
  ['ModeBackward0', () => x.mode(0).values],
  ['MinBackward1', () => x.min()],
  ['MinBackward0', () => x.min(0).values],
  ['SqueezeBackward0', () => x.squeeze()],
  ['SqueezeBackward1', () => x.squeeze(0)],
  ['SqueezeBackward2', () => x.squeeze([0])],
  ['MaskedFillBackward0', () => x.maskedFill(mask, 1)],
  ['MaskedFillBackward1', () => x.maskedFill(mask, K.tensor(1))],
  ['MaskedFillBackward1', () => x.clone().maskedFill_(mask, K.tensor(1))],
  ['XlogyBackward0', () => K.xlogy(x, x)],
  ['XlogyBackward1', () => K.xlogy(2, x)],
  ['XlogyBackward2', () => K.xlogy(x, 2)],
  ['SpecialXlog1PyBackward1', () => K.special.xlog1py(2, x)],
  ['SpecialXlog1PyBackward2', () => K.special.xlog1py(x, 2)],
  ['PowBackward2', () => K.pow(2, x)],
  ['RemainderBackward0', () => x.remainder(2)],
  ['RemainderBackward1', () => x.remainder(x)],
  ['FmodBackward1', () => x.fmod(x)],
  ['LerpBackward0', () => x.lerp(x, 0.5)],
  ['LerpBackward1', () => x.lerp(x, x)],
  ['ClampMinBackward0', () => x.clampMin(0)],
  ['ClampMinBackward1', () => x.clampMin(x)],
  ['CopysignBackward0', () => x.copysign(x)],
  ['CopysignBackward1', () => x.copysign(2)],
  ['FillBackward2', () => x.clone().fill_(2)],
  ['SortBackward0', () => x.sort().values],
  ['SortBackward1', () => x.sort(1, { stable: true }).values],
  ['RoundBackward1', () => x.round({ decimals: 1 })],
  ['SplitWithSizesBackward0', () => x.split([1, 1], 1)[0] as K.Tensor],
  ['LinalgCrossBackward0', () => K.cross(vector, vector)],
  ['DistBackward0', () => K.dist(x, x)],
  ['PdistBackward0', () => K.pdist(square)],
  ['TraceBackward0', () => square.trace()],
  ['BlockDiagBackward0', () => K.blockDiag(x, x)],
  ['AminmaxBackward0', () => x.aminmax().max],
  ['DiagEmbedBackward0', () => vector.diag()],
  ['LinalgHouseholderProductBackward0', () => K.linalg.householderProduct(square, K.ones(2))],
  ['OrmqrBackward0', () => K.ormqr(square, K.ones(2), square)],
  ['LinalgSolveExBackward0', () => K.linalg.solve(square, K.ones(2))],
  ['LinalgLuSolveBackward0', () => K.linalg.luSolve(square, K.tensor([1, 2]), square)],
  ['LinalgCholeskyExBackward0', () => K.linalg.cholesky(square, { upper: true })],
])('%s', (name, call) => {
  expect(call().gradFn?.name).toBe(name);
});
