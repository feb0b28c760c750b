import { checkArguments, K, noGrad, Tensor } from '@kindling/core';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../layers/normalization/batch-norm.ts';
import { moduleKind } from '../module/arguments.ts';
import type { AnyModule } from '../module/callable.ts';

/** What a loader gives: the input, or an array that begins with it. */
export type Batch = Tensor | readonly [Tensor, ...unknown[]];

/** Options of {@link updateBn}. */
export interface UpdateBnOptions {
  /**
   * Go through the loader by `for await`, for datasets that answer with promises. Default: only what knows nothing
   * else.
   */
  readonly wait?: boolean;
}

const walkable = /* @__PURE__ */ K.iterable('what can be iterated');

const takes = () => ({
  loader: K.kind(
    'what can be iterated, such as a DataLoader',
    (x) => walkable.accepts(x) || (typeof x === 'object' && x !== null && Symbol.asyncIterator in x),
  ),
  model: moduleKind,
  options: K.options<UpdateBnOptions>({ wait: K.flag }),
});

/**
 * Works out the running statistics of a model's batch normalisation anew, as the plain mean over the batches of a
 * loader: after its weights were averaged, say. With `wait`, or a loader that can only be waited for, it gives a
 * promise. Afterwards the model is in the mode that it was in. Follows `torch.optim.swa_utils.update_bn`.
 * @throws ValueError for a loader that cannot be iterated, what is no module, or a batch without an input
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.BatchNorm1d(1)).eval();
 * const loader = new data.DataLoader(new data.TensorDataset(tensor([[1.5], [2.5], [5.5], [6.5]])), { batchSize: 2 });
 * nn.swaUtils.updateBn(loader, model);
 * model.stateDict()['0.running_mean']; // tensor([4.])
 * ```
 */
export function updateBn(
  loader: AsyncIterable<Batch>,
  model: AnyModule,
  options: UpdateBnOptions & { readonly wait: true },
): Promise<void>;
export function updateBn(loader: Iterable<Batch>, model: AnyModule, options?: UpdateBnOptions): void;
export function updateBn(
  loader: AsyncIterable<Batch>,
  model: AnyModule,
  options?: UpdateBnOptions,
): Promise<void>;
export function updateBn(
  loader: Iterable<Batch> | AsyncIterable<Batch>,
  model: AnyModule,
  options: UpdateBnOptions = {},
): void | Promise<void> {
  checkArguments('updateBn', takes(), arguments);
  const layers = model.modules().filter(isBatchNorm);
  const waits = options.wait ?? !(Symbol.iterator in loader);
  if (layers.length === 0) return waits ? Promise.resolve() : undefined;
  const restore = begin(layers, model);
  if (waits) return throughAll(loader as AsyncIterable<Batch>, model).finally(restore);
  try {
    for (const batch of loader as Iterable<Batch>) feed(model, batch);
  } finally {
    restore();
  }
}

async function throughAll(loader: AsyncIterable<Batch> | Iterable<Batch>, model: AnyModule): Promise<void> {
  for await (const batch of loader) feed(model, batch);
}

type BatchNorm = BatchNorm1d | BatchNorm2d | BatchNorm3d;

const isBatchNorm = (module: unknown): module is BatchNorm =>
  module instanceof BatchNorm1d || module instanceof BatchNorm2d || module instanceof BatchNorm3d;

/** Has the layers take the plain mean of all batches; returns what puts back how they were. */
function begin(layers: readonly BatchNorm[], model: AnyModule): () => void {
  const { training } = model;
  const momenta = layers.map(({ momentum }) => momentum);
  model.train();
  for (const layer of layers) {
    layer.resetRunningStats();
    Object.assign(layer, { momentum: null });
  }
  return () => {
    for (const [i, layer] of layers.entries()) Object.assign(layer, { momentum: momenta[i] });
    model.train(training);
  };
}

function feed(model: AnyModule, batch: unknown): void {
  const input: unknown = K.isArray(batch) ? batch[0] : batch;
  if (!Tensor.is(input)) checkArguments('updateBn', { 'the input of a batch': K.tensor }, [input]);
  noGrad(() => (model as unknown as (input: unknown) => unknown)(input));
}
