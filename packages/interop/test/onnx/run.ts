/** Runs exported models in onnxruntime, and compares what they give with Kindling's own. */
import { type DType, noGrad, Tensor, tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import * as ort from 'onnxruntime-node';
import { exportOnnx, type OnnxOptions } from '../../src/index.ts';

const types: Readonly<Record<DType, ort.Tensor.Type>> = {
  float32: 'float32',
  float64: 'float64',
  int32: 'int64',
  uint8: 'uint8',
  bool: 'bool',
};

/** A tensor as onnxruntime takes it: int32 as int64. */
export function feed(x: Tensor): ort.Tensor {
  const elements = x.contiguous().clone().data;
  const data =
    x.dtype === 'int32'
      ? BigInt64Array.from(elements as Int32Array, BigInt)
      : x.dtype === 'bool'
        ? Uint8Array.from(elements)
        : elements;
  return new ort.Tensor(types[x.dtype] as 'float32', data as Float32Array, [...x.shape]);
}

/** Tensors among arguments and results, in order. */
export function tensorsOf(x: unknown): Tensor[] {
  if (x instanceof Tensor) return [x];
  if (typeof x !== 'object' || x === null) return [];
  return Object.values(x).flatMap(tensorsOf);
}

async function sessionOf(bytes: Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    executionProviders: ['cpu'],
  });
}

/** What differs between two lists of tensors, in words; nothing where they agree to `tolerance`. */
export function differences(
  outputs: readonly ort.Tensor[],
  expected: readonly Tensor[],
  tolerance = 1e-5,
): string[] {
  if (outputs.length !== expected.length) return [`${outputs.length} outputs, expected ${expected.length}`];
  return expected.flatMap((y, i) => {
    const output = outputs[i];
    if (output === undefined) return ['no output'];
    if (output.dims.join() !== y.shape.join())
      return [`output ${i}: shape ${output.dims.join()}, expected ${y.shape.join()}`];
    if (output.type !== types[y.dtype]) return [`output ${i}: ${output.type}, expected ${types[y.dtype]}`];
    const wanted = y.contiguous().clone().data;
    const worst = { by: 0, at: -1, got: 0 };
    Array.from(output.data as ArrayLike<number>, Number).forEach((got, k) => {
      const want = Number(wanted[k]);
      if (Object.is(got, want) || got === want) return;
      const by = Math.abs(got - want) / Math.max(1, Math.abs(want));
      if (!(by <= worst.by))
        Object.assign(worst, { by: Number.isNaN(by) ? Number.POSITIVE_INFINITY : by, at: k, got });
    });
    return worst.by <= tolerance
      ? []
      : [`output ${i}: element ${worst.at} is ${worst.got}, expected ${wanted[worst.at]}`];
  });
}

/** A model, and what it is called with for each size of the batch. */
export interface Case {
  readonly model: AnyModule;
  readonly inputs: (batch: number) => readonly unknown[];
  readonly options?: OnnxOptions;
  readonly tolerance?: number;
}

export const bytesOf = ({ model, inputs, options }: Case, batch = 2): Uint8Array =>
  exportOnnx(model, inputs(batch) as Tensor[], options);

/** What differs between a model and its export, for each of these sizes of the batch. */
export async function failuresOf(of: Case, batches: readonly number[] = [2, 5]): Promise<string[]> {
  const { model, inputs, tolerance } = of;
  const session = await sessionOf(bytesOf(of, batches[0]));
  const failures: string[] = [];
  for (const batch of batches) {
    const given = inputs(batch);
    const modes = [...model.modules()].map((m) => m.training);
    model.eval();
    const expected = noGrad(() => (model as unknown as (...x: unknown[]) => unknown)(...given));
    [...model.modules()].forEach((m, i) => {
      m.training = modes[i] ?? true;
    });
    const tensors = tensorsOf(given);
    const feeds = Object.fromEntries(
      session.inputNames.map((name, i) => [name, feed(tensors[i] ?? tensor(0))]),
    );
    try {
      const results = await session.run(feeds);
      const outputs = session.outputNames.map((name) => results[name] as ort.Tensor);
      failures.push(
        ...differences(outputs, tensorsOf(expected), tolerance).map((line) => `batch ${batch}: ${line}`),
      );
    } catch (error) {
      failures.push(`batch ${batch}: ${String(error).split('\n')[0]}`);
    }
  }
  await session.release();
  return failures;
}
