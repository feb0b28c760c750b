import { ones, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { expect, it } from 'vitest';
import { loadTorch, serializeTorch } from '../../src/torch-file/index.ts';

class Counter extends nn.Module<[Tensor], Tensor> {
  readonly scale = new nn.Parameter(ones([1]));
  state: unknown = null;
  override forward(x: Tensor): Tensor {
    return x.mul(this.scale);
  }
  override getExtraState(): unknown {
    return this.state;
  }
  override setExtraState(state: unknown): void {
    this.state = state;
  }
}

it('extra state of a module crosses a .pt file, its tensors too', async () => {
  const [from, to] = [new Counter(), new Counter()];
  from.state = { calls: 3, best: [tensor([1.5])], name: 'x', done: true, none: null };
  const bytes = await serializeTorch(from.stateDict());
  to.loadStateDict(await loadTorch<nn.StateDict>(bytes));
  const { best, ...rest } = to.state as { best: Tensor[] };
  expect(best[0]?.toArray()).toEqual([1.5]);
  expect(rest).toEqual({ calls: 3, name: 'x', done: true, none: null });
});
