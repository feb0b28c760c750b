/** Modules that get another dtype between calls of a compiled function, or in one. */
import {
  CompileError,
  compile,
  type DType,
  KindlingError,
  manualSeed,
  randn,
  type Tensor,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import { expect, it } from 'vitest';
import { bitsOf } from '../../core/test/support/compiled.ts';
import { SGD } from '../../optim/src/index.ts';

type Step = (x: Tensor) => Tensor;

/** What comes of some calls, the module being of this dtype in each. */
function train(dtypes: readonly DType[], wrap: (step: Step) => Step): unknown[] {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 1));
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const step = wrap((x) => {
    optimizer.zeroGrad();
    const loss = model(x.to(model.parameters()[0]?.dtype ?? 'float32'))
      .square()
      .mean();
    loss.backward();
    optimizer.step();
    return loss;
  });
  return dtypes.map((dtype) => {
    model.to(dtype);
    const loss = bitsOf(step(randn([4, 3])));
    return [loss, Object.values(model.stateDict() as Record<string, Tensor>).map(bitsOf)];
  });
}

const [f, d] = ['float32', 'float64'] as const;

it.each([[[f, f, f, d, d, d, d]], [[f, f, f, d, f, d, f]], [[d, d, d, f, f, f, d]]])('%s', (dtypes) => {
  expect(train(dtypes, (step) => compile(step, { check: false }))).toEqual(train(dtypes, (step) => step));
});

it('what a program was recorded with is not gone on with where eager refuses it', () => {
  const layer = new nn.Linear(2, 2);
  const compiled = compile((x: Tensor) => layer(x).detach(), { check: false });
  for (let i = 0; i < 3; i++) compiled(randn([1, 2]));
  layer.double();
  expect(() => compiled(randn([1, 2]))).toThrow(KindlingError);
  expect(compiled(randn([1, 2], { dtype: 'float64' })).dtype).toBe('float64');
});

it('in the function it is refused', () => {
  const layer = new nn.Linear(2, 2);
  const compiled = compile((x: Tensor) => {
    layer.double();
    const y = layer(x.double()).detach();
    layer.float();
    return y;
  });
  compiled(randn([1, 2]));
  expect(() => compiled(randn([1, 2]))).toThrow(CompileError);
  expect(() => compiled(randn([1, 2]))).toThrow(
    /Module\.to: .* becomes float64 .*; convert the module outside/,
  );
});
