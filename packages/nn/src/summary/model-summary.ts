import { Shown } from '@kindling/core';
import type { AnyModule } from '../module/callable.ts';
import { countOf, type Layer, type Row } from './layers.ts';
import { type Form, summaryText } from './text.ts';

/** A layer of a model, as one of its calls saw it. Kindling's own. */
export interface LayerSummary extends Row {
  /** Its class: `'Linear'`. */
  readonly className: string;
  /** The shape of the first tensor that goes in. */
  readonly inputSize: readonly number[];
  /** The shape of the first tensor that comes out. */
  readonly outputSize: readonly number[];
  /** What its property `kernelSize` says. */
  readonly kernelSize: readonly number[];
  /** The numbers in its parameters, those of the layers in it too. */
  readonly numParams: number;
  /** As many of them require a gradient. */
  readonly trainableParams: number;
  /** As many of them stand in no row below. */
  readonly ownParams: number;
  /** The bytes of its parameters. */
  readonly paramBytes: number;
  /** The bytes of that first tensor that comes out. */
  readonly outputBytes: number;
  /** Multiply-adds of the call; 0 of what holds other layers. */
  readonly multAdds: number;
}

function kernelSizeOf(module: AnyModule): readonly number[] {
  const size = (module as { kernelSize?: unknown }).kernelSize;
  if (typeof size === 'number') return [size];
  return Array.isArray(size) && size.every((n) => typeof n === 'number') ? size : [];
}

function rowsOf(layers: readonly Layer[]): LayerSummary[] {
  const rows = layers.map((layer) => {
    const { module, inputSize, outputSize, ...rest } = layer;
    const { all, trainable, bytes } = countOf(module.parameters());
    return {
      className: module.constructor.name,
      ...rest,
      ...{ inputSize: [...inputSize], outputSize: [...outputSize], kernelSize: kernelSizeOf(module) },
      ...{ numParams: all, trainableParams: trainable, ownParams: all, paramBytes: bytes },
    };
  });
  // From below upwards: each row knows its layers.
  for (const [i, row] of [...rows.entries()].reverse()) {
    if (row.isLeaf) continue;
    for (const below of rows.slice(i + 1)) {
      if (below.depth <= row.depth) break;
      if (!below.recursive) row.ownParams -= below.ownParams;
    }
  }
  return rows;
}

/**
 * What {@link summary} finds: the layers as rows, and sums. As text it is torchinfo's table, which `console.log` prints
 * too. Follows `torchinfo.ModelStatistics`.
 */
export class ModelSummary extends Shown {
  /** The layers in the order in which they were called, the model itself first. */
  readonly layers: readonly LayerSummary[];
  /** The numbers in all parameters of the model; those that layers share count once. */
  readonly totalParams: number;
  /** As many of them require a gradient. */
  readonly trainableParams: number;
  /** Multiply-adds of the call: the sum over all layers. */
  readonly totalMultAdds: number;
  /** The bytes of the tensors that went in. */
  readonly inputBytes: number;
  /** Twice the bytes of what layers with parameters gave: results, and their gradients. */
  readonly passBytes: number;
  /** The bytes of all parameters. */
  readonly paramBytes: number;
  /** Whether the model was called: otherwise only parameters are known. */
  readonly ran: boolean;
  readonly #form: Form;

  /** @internal */
  constructor(model: AnyModule, layers: readonly Layer[], inputBytes: number | null, form: Form) {
    super();
    this.layers = rowsOf(layers);
    const { all, trainable, bytes } = countOf(model.parameters());
    this.totalParams = all;
    this.trainableParams = trainable;
    this.paramBytes = bytes;
    this.inputBytes = inputBytes ?? 0;
    this.ran = inputBytes !== null;
    const leaves = this.layers.filter(({ isLeaf }) => isLeaf);
    this.totalMultAdds = leaves.reduce((sum, { multAdds }) => sum + multAdds, 0);
    this.passBytes = leaves.reduce(
      (sum, { numParams, outputBytes }) => sum + (numParams > 0 ? 2 * outputBytes : 0),
      0,
    );
    this.#form = form;
  }

  /** As many numbers in parameters require no gradient. */
  get frozenParams(): number {
    return this.totalParams - this.trainableParams;
  }

  /** Input, pass and parameters, in bytes. */
  get totalBytes(): number {
    return this.inputBytes + this.passBytes + this.paramBytes;
  }

  /** The table. */
  override toString(): string {
    return summaryText(this, this.#form);
  }
}
