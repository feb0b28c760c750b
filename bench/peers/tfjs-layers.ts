import * as tf from '@tensorflow/tfjs';
import * as cases from './cases.ts';
import { record, timed } from './timing.ts';

const measure = (name: string, call: () => unknown): Promise<void> => record(name, () => timed(call));

/** Channels last, as TensorFlow.js has them. */
const lastly = ([n = 1, c = 1, ...places]: readonly number[]): number[] => [n, ...places, c];

/** A layer's result, and all gradients by its operands; the backends work as they are called. */
async function timeLayer(
  name: string,
  operands: readonly tf.Tensor[],
  call: (...operands: tf.Tensor[]) => tf.Tensor,
): Promise<void> {
  const [forward, both] = cases.layerCases(name);
  await measure(forward, () => tf.tidy(() => void call(...operands)));
  const y = tf.tidy(() => call(...operands));
  const g = tf.randomNormal(y.shape);
  y.dispose();
  const gradients = tf.grads(call);
  await measure(both, () => tf.tidy(() => void gradients([...operands], g)));
}

export async function convolutions(): Promise<void> {
  for (const { name, padding, groups, ...shapes } of cases.convolutions) {
    const [filters, channels, high, wide] = shapes.weight;
    const x = tf.randomNormal(lastly(shapes.x));
    const bias = tf.randomNormal([filters]);
    const weight = tf.randomNormal(
      groups === 1 ? [high, wide, channels, filters] : [high, wide, filters, channels],
    );
    const conv = groups === 1 ? tf.conv2d : tf.depthwiseConv2d;
    const pad = padding === 0 ? 'valid' : 'same';
    await timeLayer(name, [x, weight, bias], (input, w, b) =>
      tf.add(conv(input as tf.Tensor4D, w as tf.Tensor4D, 1, pad), b as tf.Tensor),
    );
  }
  await lenet();
}

async function lenet(): Promise<void> {
  const { name, batch } = cases.lenet;
  const weight = (...shape: number[]): tf.Variable => tf.variable(tf.randomNormal(shape, 0, 0.05));
  const [conv1, bias1, conv2, bias2] = [weight(5, 5, 1, 6), weight(6), weight(5, 5, 6, 16), weight(16)];
  const linear = [weight(400, 120), weight(120, 84), weight(84, 10)];
  const biases = [weight(120), weight(84), weight(10)];
  const x = tf.randomNormal<tf.Rank.R4>([batch, 28, 28, 1]);
  const y = tf.oneHot(tf.randomUniform([batch], 0, 10, 'int32'), 10).toFloat();
  const optimizer = tf.train.adam(1e-3);
  const pooled = (h: tf.Tensor4D): tf.Tensor4D => tf.maxPool(h, 2, 2, 'valid');
  const loss = (): tf.Scalar => {
    let h: tf.Tensor4D = x;
    h = pooled(tf.relu(tf.add(tf.conv2d(h, conv1 as tf.Tensor4D, 1, 'same'), bias1)));
    h = pooled(tf.relu(tf.add(tf.conv2d(h, conv2 as tf.Tensor4D, 1, 'valid'), bias2)));
    let flat: tf.Tensor = h.reshape([batch, 400]);
    for (const [i, w] of linear.entries()) {
      flat = tf.add(tf.matMul(flat, w as tf.Tensor2D), biases[i] as tf.Tensor);
      if (i < 2) flat = tf.relu(flat);
    }
    return tf.losses.softmaxCrossEntropy(y, flat) as tf.Scalar;
  };
  await measure(name, () => tf.tidy(() => optimizer.minimize(loss, true)?.dataSync()[0]));
}

export async function poolings(): Promise<void> {
  for (const { name, kind, kernel, stride, padding, ...shapes } of cases.poolings) {
    const pool = kind === 'max' ? tf.maxPool : tf.avgPool;
    await timeLayer(name, [tf.randomNormal(lastly(shapes.x))], (x) =>
      pool(x as tf.Tensor4D, kernel, stride, padding === 0 ? 'valid' : 'same'),
    );
  }
}

export async function norms(): Promise<void> {
  for (const { name, kind, x: given } of cases.norms) {
    const shape = kind === 'layer' || kind === 'rms' ? [...given] : lastly(given);
    const channels = shape.at(-1) ?? 1;
    const places = shape.slice(1, -1).map((_, i) => i + 1);
    const axes: Readonly<Record<typeof kind, readonly number[]>> = {
      ...{ layer: [shape.length - 1], rms: [shape.length - 1], batch: [0, ...places], instance: places },
      group: [1, 3],
    };
    const operands = [tf.randomNormal(shape), tf.randomNormal([channels]), tf.randomNormal([channels])];
    await timeLayer(name, kind === 'rms' ? operands.slice(0, 2) : operands, (x, weight, bias) => {
      const input = x as tf.Tensor;
      const w = weight as tf.Tensor;
      if (kind === 'rms') {
        const square = tf.mean(tf.square(input), -1, true);
        return tf.mul(tf.mul(input, tf.rsqrt(tf.add(square, 1e-7))), w);
      }
      const grouped =
        kind === 'group'
          ? input.reshape([shape[0] ?? 1, -1, cases.normGroups, channels / cases.normGroups])
          : input;
      const { mean, variance } = tf.moments(grouped, [...axes[kind]], true);
      const standard = tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, 1e-5))).reshape(shape);
      return tf.add(tf.mul(standard, w), bias as tf.Tensor);
    });
  }
}

export async function sequences(): Promise<void> {
  await lstm();
  const { name, batch, length, size, heads } = cases.sequences.attention;
  const hidden = tf.linalg
    .bandPart(tf.ones([length, length]), -1, 0)
    .sub(1)
    .mul(1e9);
  const operands = [
    tf.randomNormal([batch, length, size]),
    ...[tf.randomNormal([size, 3 * size], 0, 0.1), tf.randomNormal([3 * size])],
    ...[tf.randomNormal([size, size], 0, 0.1), tf.randomNormal([size])],
  ];
  /** Tokens by weights, whose batch is one product. */
  const linear = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    tf.add(tf.matMul(x.reshape([batch * length, -1]), w), b);
  await timeLayer(name, operands, (...given) => {
    const [x, weight, bias, out, outBias] = given as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [q, k, v] = tf
      .split(linear(x, weight, bias), 3, -1)
      .map((part) => part.reshape([batch, length, heads, size / heads]).transpose([0, 2, 1, 3])) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), (size / heads) ** -0.5), hidden);
    const seen = tf.matMul(tf.softmax(scores), v).transpose([0, 2, 1, 3]);
    return linear(seen, out, outBias).reshape([batch, length, size]);
  });
}

async function lstm(): Promise<void> {
  const { name, batch, length, size } = cases.sequences.lstm;
  const [forward, both] = cases.layerCases(name);
  const layer = tf.layers.lstm({ units: size, returnSequences: true });
  const x = tf.variable(tf.randomNormal([batch, length, size]));
  const g = tf.randomNormal([batch, length, size]);
  const call = (): tf.Tensor => layer.apply(x) as tf.Tensor;
  await measure(forward, () => tf.tidy(() => void call()));
  const leaves = [x, ...layer.trainableWeights.map((w) => w.read() as tf.Variable)];
  const loss = (): tf.Scalar => tf.sum(tf.mul(call(), g)) as tf.Scalar;
  await measure(both, () => tf.tidy(() => void tf.variableGrads(loss, leaves)));
}
