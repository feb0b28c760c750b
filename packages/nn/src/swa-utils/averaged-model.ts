import {
  checkArguments,
  DTypeError,
  describeValue,
  formatShape,
  isTraced,
  K,
  noGrad,
  ShapeError,
  sameShape,
  Tensor,
  tensor,
  ValueError,
  where,
} from '@kindling/core';
import { moduleKind } from '../module/arguments.ts';
import type { AnyModule } from '../module/callable.ts';
import { deepcopy } from '../module/deepcopy.ts';
import { Module } from '../module/module.ts';
import { type AvgFn, getSwaAvgFn, type MultiAvgFn } from './averages.ts';

/** Options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** Gives the new average of each parameter. Default: the plain mean. */
  readonly avgFn?: AvgFn;
  /** Changes the averages of many parameters in place, instead of `avgFn`. */
  readonly multiAvgFn?: MultiAvgFn;
  /** Whether buffers are averaged too, instead of being taken over as they are. Default: false. */
  readonly useBuffers?: boolean;
}

const takes = () => ({
  model: moduleKind,
  options: K.options<AveragedModelOptions>({ avgFn: K.callable, multiAvgFn: K.callable, useBuffers: K.flag }),
});

type InputOf<M> = M extends (...input: infer I extends unknown[]) => unknown ? I : never;
type OutputOf<M> = M extends (...input: never) => infer O ? O : never;

/**
 * A copy of a model whose parameters are averages of the model's over time: their plain mean (stochastic weight
 * averaging), or another average, such as an exponential moving one. It is a module that computes with them. The first
 * call of {@link updateParameters} copies the parameters, each later one averages. Averages of normalised layers want
 * statistics of their own: {@link updateBn}, or `useBuffers`. The averaging functions are not part of the state dict.
 * Follows `torch.optim.swa_utils.AveragedModel`; Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
 * Generalization", 2018; Polyak and Juditsky, 1992.
 * @throws ValueError for what is no module, and where avgFn and multiAvgFn are both given
 * @example
 * ```ts
 * const model = new nn.Linear(1, 1, { bias: false });
 * const averaged = new nn.swaUtils.AveragedModel(model, { multiAvgFn: nn.swaUtils.getEmaMultiAvgFn({ decay: 0.5 }) });
 * for (const weight of [1, 2, 4]) {
 *   nn.init.constant_(model.weight, weight);
 *   averaged.updateParameters(model);
 * }
 * averaged(ones([1, 1])); // tensor([[2.7500]], grad_fn=<MmBackward0>)
 * Object.keys(averaged.stateDict()); // [ 'n_averaged', 'module.weight' ]
 * ```
 */
export class AveragedModel<M extends AnyModule = Module> extends Module<InputOf<M>, OutputOf<M>> {
  static override readonly stateNames = { nAveraged: 'n_averaged' };

  /** How many models were averaged: an int32 scalar. */
  readonly nAveraged: Tensor;
  /** The copy of the model that holds the averages. */
  readonly module: M;
  /** What gives the new average of each parameter, if anything. */
  readonly avgFn: AvgFn | null;
  /** What changes the averages of many parameters, if anything. */
  readonly multiAvgFn: MultiAvgFn | null;
  /** Whether buffers are averaged too. */
  readonly useBuffers: boolean;

  constructor(model: M, options: AveragedModelOptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes(), arguments);
    const { avgFn = null, multiAvgFn = null, useBuffers = false } = options;
    if (avgFn !== null && multiAvgFn !== null)
      throw new ValueError(`${name}: only one of avgFn and multiAvgFn should be provided`);
    super();
    this.module = deepcopy(model);
    this.nAveraged = this.registerBuffer('nAveraged', tensor(0, { dtype: 'int32' }));
    this.avgFn = avgFn;
    this.multiAvgFn = multiAvgFn;
    this.useBuffers = useBuffers;
  }

  override forward(...input: InputOf<M>): OutputOf<M> {
    return (this.module as unknown as (...input: unknown[]) => OutputOf<M>)(...input);
  }

  /**
   * Averages in the parameters of a model as they are now; its buffers are taken over, unless they are averaged too.
   * Also in a compiled step. Follows `AveragedModel.update_parameters`.
   * @throws DTypeError where `avgFn` returns no Tensor
   * @throws ValueError, ShapeError where the model has other parameters or buffers than the one that was copied
   */
  updateParameters(model: AnyModule): void {
    const caller = `${this.constructor.name}.updateParameters`;
    checkArguments(caller, { model: moduleKind }, arguments);
    const { module, useBuffers, nAveraged } = this;
    const parameters = paired(caller, 'parameters', module.parameters(), model.parameters());
    const buffers = paired(caller, 'buffers', module.buffers(), model.buffers());
    const averaged = useBuffers ? [...parameters, ...buffers] : parameters;
    noGrad(() => {
      // A compiled call cannot decide by a value: it averages, and chooses the copy for the first time.
      const isFirst = isTraced() ? nAveraged.eq(0) : nAveraged.item() === 0;
      if (isFirst !== true) average(caller, this, averaged);
      if (isFirst instanceof Tensor) for (const [own, now] of averaged) own.copy_(where(isFirst, now, own));
      if (isFirst === true) take(averaged);
      if (!useBuffers) take(buffers);
      nAveraged.add_(1);
    });
  }
}

/** A tensor of the averaged model, and the one of the model that belongs to it. */
type Pair = readonly [own: Tensor, now: Tensor];

const take = (pairs: readonly Pair[]): void => {
  for (const [own, now] of pairs) own.copy_(now);
};

function paired(caller: string, what: string, own: readonly Tensor[], now: readonly Tensor[]): Pair[] {
  if (own.length !== now.length)
    throw new ValueError(`${caller}: the model has ${now.length} ${what}, the averaged one ${own.length}`);
  return own.map((x, i) => {
    const y = now[i];
    if (y === undefined || !sameShape(x.shape, y.shape))
      throw new ShapeError(
        `${caller}: number ${i} of the ${what} has shape ${y === undefined ? 'none' : formatShape(y.shape)} in the model, ` +
          `${formatShape(x.shape)} in the averaged one`,
      );
    return [x, y.detach()];
  });
}

function average(
  caller: string,
  { avgFn, multiAvgFn, nAveraged }: Pick<AveragedModel, 'avgFn' | 'multiAvgFn' | 'nAveraged'>,
  pairs: readonly Pair[],
): void {
  if (multiAvgFn === null) {
    const mean = avgFn ?? getSwaAvgFn();
    for (const [own, now] of pairs) {
      const value: unknown = mean(own.detach(), now, nAveraged);
      if (!Tensor.is(value))
        throw new DTypeError(`${caller}: avgFn: expected it to return a Tensor, got ${describeValue(value)}`);
      own.copy_(value);
    }
    return;
  }
  for (const dtype of new Set(pairs.map(([own]) => own.dtype))) {
    const group = pairs.filter(([own]) => own.dtype === dtype);
    multiAvgFn(
      group.map(([own]) => own.detach()),
      group.map(([, now]) => now),
      nAveraged,
    );
  }
}
