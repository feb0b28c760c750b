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
  ['RsubBackward0', () => K.rsub(x, x)],
  ['RsubBackward1', () => K.rsub(x, 1)],
  ['RsubBackward1', () => K.sub(1, x)],
  ['SubBackward0', () => x.sub(1)],
  ['MulBackward0', () => K.div(1, x)],
  ['DivBackward0', () => x.div(2)],
  ['DivBackward2', () => x.div(2, { roundingMode: 'floor' })],
  ['DivBackward2', () => x.clone().div_(2, { roundingMode: 'floor' })],
  ['AliasBackward0_copy', () => K.aliasCopy(x)],
  ['SqueezeBackward1_copy', () => K.squeezeCopy(x, 0)],
  ['TBackward0_copy', () => K.tCopy(x)],
  ['NarrowCopyBackward0', () => K.narrowCopy(x, 1, 0, 1)],
  ['SplitWithSizesBackward0_copy', () => K.splitWithSizesCopy(x, [1, 1], 1)[0] as K.Tensor],
  ['DiagonalBackward0_copy', () => square.diag()],
  ['UnsafeSplitBackward0', () => K.unsafeSplit(x, 1, 1)[1] as K.Tensor],
  ['SliceBackward0', () => x.hsplit(2)[1] as K.Tensor],
  ['TBackward0', () => vector.t()],
  ['IndexFillBackward1', () => x.indexFill(1, K.tensor([0]), K.tensor(2))],
  ['IndexFillBackward0', () => x.indexFill(1, K.tensor([0]), 2)],
  ['ScatterBackward1', () => x.scatter(1, K.tensor([[0]]), 2)],
  ['IndexReduceBackward0', () => K.indexReduce(vector, 0, K.tensor([0]), K.ones(1), 'amax')],
  ['KthvalueBackward0', () => K.kthvalue(x, 1).values],
  ['SqueezeBackward4', () => x.quantile(0.5)],
  ['LinalgLuBackward0', () => K.linalg.lu(square).L],
  ['LuUnpackBackward0', () => K.luUnpack(square, K.tensor([1, 2])).U],
  ['LinalgSvdBackward0', () => K.linalg.svd(square).Vh],
  ['LinalgLstsqBackward0', () => K.linalg.lstsq(square, square).solution],
  ['AmaxBackward0', () => K.linalg.matrixNorm(square, Infinity)],
  ['SumBackward1', () => K.linalg.matrixNorm(square, 'nuc')],
  ['UnsafeViewBackward0', () => K.matmul(K.ones([2, 2, 2]), square)],
  ['SqueezeBackward4', () => K.matmul(K.ones(2), square)],
  ['UnsafeViewBackward0', () => K.linear(K.ones([3, 2, 2]), square, K.ones(2))],
  ['VdotBackward0', () => K.vdot(vector, vector)],
  ['NormBackward1', () => K.pairwiseDistance(x, K.ones([1, 2]))],
  ['SqueezeBackward1', () => K.maxPool1d(x, 2)],
  ['AvgPool2DBackward0', () => K.avgPool2d(x.unsqueeze(0), [1, 2])],
  ['LinalgCholeskyExBackward0', () => K.linalg.cholesky(square, { upper: true })],
])('%s', (name, call) => {
  expect(call().gradFn?.name).toBe(name);
});

it('leaves the name of a leaf, and of what is handed through, as it is', () => {
  const y = x.exp();
  expect(K.composed('index', y, y).gradFn?.name).toBe('ExpBackward0');
  expect(K.aliasCopy(K.ones(2)).gradFn).toBeNull();
});
