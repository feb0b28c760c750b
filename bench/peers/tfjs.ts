import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as cases from './cases.ts';
import * as layers from './tfjs-layers.ts';
import { record, runSuite, timed } from './timing.ts';

const backend = process.argv[3] ?? 'cpu';
const require = createRequire(import.meta.url);
setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`);
await tf.setBackend(backend);
await tf.ready();

const measure = (name: string, call: () => unknown): Promise<void> => record(name, () => timed(call));

async function steps(): Promise<void> {
  for (const { name, sizes, batch, loss: kind } of cases.nets) {
    const outputs = sizes[sizes.length - 1]!;
    for (const optimizerName of cases.optimizers) {
      const weights: tf.Variable[] = [];
      const biases: tf.Variable[] = [];
      for (let i = 0; i + 1 < sizes.length; i++) {
        weights.push(tf.variable(tf.randomNormal([sizes[i]!, sizes[i + 1]!], 0, 0.05)));
        biases.push(tf.variable(tf.zeros([sizes[i + 1]!])));
      }
      const x = tf.randomNormal([batch, sizes[0]]);
      const y: tf.Tensor =
        kind === 'ce'
          ? tf.oneHot(tf.randomUniform([batch], 0, outputs, 'int32'), outputs).toFloat()
          : tf.randomUniform([batch, outputs]).round();
      const optimizer = optimizerName === 'SGD' ? tf.train.sgd(0.01) : tf.train.adam(1e-3);
      const forward = (): tf.Scalar => {
        let h: tf.Tensor = x;
        for (let i = 0; i < weights.length; i++) {
          h = tf.matMul(h, weights[i]!).add(biases[i]!);
          if (i < weights.length - 1) h = h.relu();
        }
        const loss =
          kind === 'ce' ? tf.losses.softmaxCrossEntropy(y, h) : tf.losses.sigmoidCrossEntropy(y, h);
        return loss as tf.Scalar;
      };
      await measure(cases.stepCase(name, optimizerName), () =>
        tf.tidy(() => optimizer.minimize(forward, true)!.dataSync()[0]),
      );
    }
  }
}

async function kernels(): Promise<void> {
  const consume = (make: () => tf.Tensor) => (): void => {
    const result = make();
    result.dataSync();
    result.dispose();
  };
  for (const n of cases.matmulSizes) {
    const a = tf.randomNormal([n, n]);
    const b = tf.randomNormal([n, n]);
    await measure(
      cases.matmulCase(n),
      consume(() => tf.matMul(a, b)),
    );
  }
  const a = tf.randomNormal([2 ** 20]);
  const b = tf.randomNormal([2 ** 20]);
  const logits = tf.randomNormal([1024, 1000]);
  const calls: Record<(typeof cases.elementwise)[number], () => tf.Tensor> = {
    add: () => tf.add(a, b),
    exp: () => tf.exp(a),
    tanh: () => tf.tanh(a),
    sum: () => tf.sum(a),
    softmax: () => tf.softmax(logits),
  };
  for (const name of cases.elementwise) await measure(cases.elementwiseCase(name), consume(calls[name]));
}

async function losses(): Promise<void> {
  for (const shape of cases.lossShapes) {
    // Channels last: TensorFlow.js takes the classes along the last dimension.
    const rows = (shape as readonly number[]).reduce((a, b) => a * b, 1) / shape[1];
    const input = tf.randomNormal([rows, shape[1]]);
    const target = tf.randomUniform([rows, shape[1]]);
    const classes = tf.oneHot(tf.randomUniform([rows], 0, shape[1], 'int32'), shape[1]).toFloat();
    const calls: Partial<Record<(typeof cases.losses)[number], (x: tf.Tensor) => tf.Tensor>> = {
      crossEntropy: (x) => tf.losses.softmaxCrossEntropy(classes, x),
      bceWithLogits: (x) => tf.losses.sigmoidCrossEntropy(target, x),
      mse: (x) => tf.losses.meanSquaredError(target, x),
      l1: (x) => tf.losses.absoluteDifference(target, x),
      huber: (x) => tf.losses.huberLoss(target, x),
    };
    for (const name of cases.losses) {
      const call = calls[name];
      if (call === undefined) continue;
      const gradient = tf.valueAndGrad((x: tf.Tensor) => call(x) as tf.Scalar);
      await measure(cases.lossCase(name, shape), () => tf.tidy(() => gradient(input).grad.dataSync()[0]));
    }
  }
}

await runSuite({ steps, kernels, losses, ...layers });
process.exit(0);
