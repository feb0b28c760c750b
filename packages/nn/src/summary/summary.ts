import {
  calledAs,
  checkArguments,
  type DType,
  Generator,
  getRngState,
  K,
  noGrad,
  rand,
  type Shape,
  setRngState,
  Tensor,
  ValueError,
} from '@kindling/core';
import { moduleKind } from '../module/arguments.ts';
import { type AnyModule, internalsOf } from '../module/callable.ts';
import { Layers } from './layers.ts';
import { ModelSummary } from './model-summary.ts';
import { columnNames, type SummaryColumn } from './text.ts';

/** Options of {@link summary}. */
export interface SummaryOptions {
  /** What the model is called with, in place of sizes: a tensor, or the list of its arguments. */
  readonly inputData?: Tensor | readonly unknown[];
  /** The dtypes of the inputs of these sizes. Default: the first parameter's, else `'float32'`. */
  readonly dtypes?: readonly DType[];
  /** Where a batch of one is put into each size; by default sizes have their batch. */
  readonly batchDim?: number;
  /** In which mode the model runs. Default: `'eval'`. */
  readonly mode?: 'eval' | 'train';
  /** How many levels of layers are shown. Default: 3. */
  readonly depth?: number;
  /** The columns. Default: `['outputSize', 'numParams', 'multAdds', 'memory']`, without a call `['numParams']`. */
  readonly colNames?: readonly SummaryColumn[];
  /** The width of columns: 25 gives torchinfo's. Default: as wide as what stands in them. */
  readonly colWidth?: number;
  /** Whether names stand beside classes. Default: false. */
  readonly varNames?: boolean;
}

const parameters = () => ({
  model: moduleKind,
  inputSize: K.nullable(K.either(K.sizes, K.listOf(K.sizes, 'a list of sizes such as [[2, 3], [2]]'))),
  options: K.options<SummaryOptions>({
    inputData: K.either(K.tensor, K.listOf(K.anything, 'a list of the arguments of the call')),
    dtypes: K.listOf(K.dtype),
    batchDim: K.count,
    mode: K.oneOf('eval', 'train'),
    depth: K.count,
    colNames: K.listOf(K.oneOf(...columnNames)),
    colWidth: K.positiveCount,
    varNames: K.flag,
  }),
});

const isList = (sizes: Shape | readonly Shape[]): sizes is readonly Shape[] => Array.isArray(sizes[0]);

/** Inputs of these sizes: numbers from 0 to 1, which are 0 as integers. */
function inputsOf(sizes: readonly Shape[], model: AnyModule, { dtypes, batchDim }: SummaryOptions): Tensor[] {
  if (dtypes !== undefined && dtypes.length !== sizes.length)
    throw new ValueError(
      `summary: expected a dtype for each of ${sizes.length} inputs, got ${dtypes.length}`,
    );
  const generator = new Generator().manualSeed(0);
  const usual = model.parameters()[0]?.dtype ?? 'float32';
  return sizes.map((size, i) => {
    const shape = batchDim === undefined ? size : [...size.slice(0, batchDim), 1, ...size.slice(batchDim)];
    return random(shape, generator).to(dtypes?.[i] ?? usual);
  });
}

function random(shape: Shape, generator: Generator): Tensor {
  try {
    return rand([...shape], { generator });
  } catch (error) {
    throw calledAs('summary', error);
  }
}

/** Calls the model without a trace: modes, random numbers and buffers are afterwards what they were. */
function callQuietly(model: AnyModule, input: readonly unknown[], training: boolean): void {
  const modes = model.modules().map((module) => [module, module.training] as const);
  const buffers = model.buffers().map((x) => [x, x.storage.version, x.clone()] as const);
  const state = getRngState();
  try {
    model.train(training);
    noGrad(() => (model as unknown as (...args: readonly unknown[]) => unknown)(...input));
  } finally {
    setRngState(state);
    for (const [module, mode] of modes) module.training = mode;
    noGrad(() => {
      for (const [x, version, before] of buffers) if (x.storage.version !== version) x.copy_(before);
    });
  }
}

const bytesOf = (x: unknown): number => (x instanceof Tensor ? x.count * x.elementSize() : 0);

/**
 * The layers of a model as a tree, with the shapes that they give, parameters, multiply-adds and memory, and the sums
 * of these. For that the model is called once, with `options.inputData` or with random numbers of `inputSize`, under
 * `noGrad` and by default as in `eval()`; it and the random stream are afterwards as they were. Without either,
 * parameters alone are counted. Print what it returns, or read its `layers`.
 *
 * Rows stand in the order of the calls. A layer that is used again is `(recursive)` and counts its parameters once.
 * Multiply-adds are torchinfo's: a weight is used once a sample, by convolutions at each place of the result, by
 * recurrent layers at each step; so those between queries and keys, and of linear layers the dimensions between first
 * and last, are left out, and `MultiheadAttention` counts none. Follows `torchinfo.summary`.
 * @throws ValueError when both sizes and data are given, or not a dtype for each size; and what the call throws
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(8, 16), new nn.Tanh(), new nn.Linear(16, 2));
 * const found = nn.summary(model, [5, 8]);
 * found.totalParams; // 178
 * found.layers.map(({ outputSize }) => outputSize); // [ [ 5, 2 ], [ 5, 16 ], [ 5, 16 ], [ 5, 2 ] ]
 * console.log(found);
 * // ===========================================================================
 * // Layer (type:depth-idx)   Output Shape   Param #   Mult-Adds   Output Memory
 * // ===========================================================================
 * // Sequential               [5, 2]         --        --          40 B
 * // ├─Linear: 1-1            [5, 16]        144       720         320 B
 * // ├─Tanh: 1-2              [5, 16]        --        --          320 B
 * // ├─Linear: 1-3            [5, 2]         34        170         40 B
 * // ===========================================================================
 * // Total params: 178
 * // Trainable params: 178
 * // Non-trainable params: 0
 * // Total mult-adds (M): 0.00
 * // ===========================================================================
 * // Input size (MB): 0.00
 * // Forward/backward pass size (MB): 0.00
 * // Params size (MB): 0.00
 * // Estimated Total Size (MB): 0.00
 * // ===========================================================================
 * ```
 */
export function summary(
  model: AnyModule,
  inputSize: Shape | readonly Shape[] | null = null,
  options: SummaryOptions = {},
): ModelSummary {
  checkArguments('summary', parameters(), arguments);
  const { inputData, mode = 'eval', depth = 3, colWidth = null, varNames = false } = options;
  if (inputSize !== null && inputData !== undefined)
    throw new ValueError(
      'summary: expected inputSize or inputData, got both; write summary(model, null, { inputData })',
    );
  const layers = new Layers(model);
  let input: readonly unknown[] | null = null;
  if (inputData !== undefined) input = inputData instanceof Tensor ? [inputData] : inputData;
  else if (inputSize !== null) input = inputsOf(isList(inputSize) ? inputSize : [inputSize], model, options);
  if (input === null) layers.addAll();
  else {
    // A module without hooks is called by a shorter way: those that had none shall have none again.
    const bare = model.modules().filter((module) => internalsOf(module).hooks === null);
    const handles = layers.watch();
    try {
      callQuietly(model, input, mode === 'train');
    } finally {
      for (const handle of handles) handle.remove();
      for (const module of bare) internalsOf(module).hooks = null;
    }
  }
  const usual: SummaryColumn[] =
    input === null ? ['numParams'] : ['outputSize', 'numParams', 'multAdds', 'memory'];
  const inputBytes = input === null ? null : input.reduce((sum: number, x) => sum + bytesOf(x), 0);
  return new ModelSummary(model, layers.found, inputBytes, {
    ...{ depth, colWidth, varNames, colNames: options.colNames ?? usual },
  });
}
