import { grad, type Array as JaxArray, jit, lax, nn, numpy as np, random, tree } from '@jax-js/jax';
import * as cases from './cases.ts';
import { record, timedAsync } from './timing.ts';

type Params = Record<string, JaxArray>;

let seed = 0;
const randn = (shape: readonly number[]): JaxArray => random.normal(random.key(seed++), [...shape]);

async function done(made: Params): Promise<void> {
  for (const array of Object.values(made)) {
    await array.blockUntilReady();
    array.dispose();
  }
}

/** A layer's result, and all gradients by its operands. */
async function timeLayer(name: string, operands: Params, call: (p: Params) => JaxArray): Promise<void> {
  const [forward, both] = cases.layerCases(name);
  const alone = jit(call);
  await record(forward, () => timedAsync(() => done({ y: alone(tree.ref(operands)) })));
  await record(both, () => {
    const y = alone(tree.ref(operands));
    const g = randn(y.shape);
    y.dispose();
    const gradients = jit(grad((p: Params, by: JaxArray) => call(p).mul(by).sum()));
    return timedAsync(() => done(gradients(tree.ref(operands), g.ref) as Params));
  });
}

export async function poolings(): Promise<void> {
  for (const { name, kind, kernel, stride, padding, ...shapes } of cases.poolings) {
    const around: [number, number][] = [
      [0, 0],
      [0, 0],
      [padding, padding],
      [padding, padding],
    ];
    // Its padding is zeros, which are no least number.
    if (kind === 'max' && padding > 0) continue;
    await timeLayer(name, { x: randn(shapes.x) }, ({ x }) => {
      const padded = padding === 0 ? (x as JaxArray) : np.pad(x as JaxArray, around);
      const window = (w: JaxArray): JaxArray => (kind === 'max' ? np.max(w) : np.mean(w));
      return lax.reduceWindow(padded, window, [kernel, kernel], [stride, stride]);
    });
  }
}

export async function norms(): Promise<void> {
  for (const { name, kind, x: given } of cases.norms) {
    const shape: readonly number[] = given;
    const byRow = kind === 'layer' || kind === 'rms';
    const channels = byRow ? shape.at(-1) : shape[1];
    const one = byRow ? [channels ?? 1] : [1, channels ?? 1, ...shape.slice(2).map(() => 1)];
    const operands: Params = {
      x: randn(shape),
      weight: randn(one),
      ...(kind === 'rms' ? {} : { bias: randn(one) }),
    };
    const standard = (x: JaxArray): JaxArray => {
      const places = shape.slice(2).map((_, i) => i + 2);
      if (kind === 'layer') return nn.standardize(x, -1);
      if (kind === 'batch') return nn.standardize(x, [0, ...places]);
      if (kind === 'instance') return nn.standardize(x, places);
      if (kind === 'group') {
        const rows = x.reshape([(shape[0] ?? 1) * cases.normGroups, -1]);
        return nn.standardize(rows, -1).reshape([...shape]);
      }
      const square = np.mean(np.square(x.ref), -1, { keepdims: true });
      return x.div(np.sqrt(square.add(1e-7)));
    };
    await timeLayer(name, operands, ({ x, weight, bias }) => {
      const scaled = standard(x as JaxArray).mul(weight as JaxArray);
      return bias === undefined ? scaled : scaled.add(bias);
    });
  }
}

/** The attention alone; it has no recurrent layers, nor loops that `jit` could take. */
export async function sequences(): Promise<void> {
  const { name, batch, length, size, heads } = cases.sequences.attention;
  const operands = {
    ...{ x: randn([batch, length, size]), weight: randn([size, 3 * size]).mul(0.1), bias: randn([3 * size]) },
    ...{ out: randn([size, size]).mul(0.1), outBias: randn([size]) },
  };
  await timeLayer(name, operands, (p) => {
    const of = (key: string): JaxArray => p[key] as JaxArray;
    const all = np.dot(of('x'), of('weight')).add(of('bias'));
    const [q, k, v] = np.split(all, 3, -1).map((part) => part.reshape([batch, length, heads, size / heads]));
    const seen = nn.dotProductAttention(q as JaxArray, k as JaxArray, v as JaxArray, { isCausal: true });
    return np.dot(seen.reshape([batch, length, size]), of('out')).add(of('outBias'));
  });
}
