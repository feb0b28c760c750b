import {
  defaultDevice,
  init,
  type Array as JaxArray,
  jit,
  nn,
  numpy as np,
  random,
  tree,
  valueAndGrad,
} from '@jax-js/jax';
import * as cases from './cases.ts';
import * as layers from './jaxjs-layers.ts';
import { record, runSuite, timedAsync } from './timing.ts';

await init('wasm');
defaultDevice('wasm');

type Params = Record<string, JaxArray>;

const measure = (name: string, call: () => unknown): Promise<void> => record(name, () => timedAsync(call));

const labels = (batch: number, classes: number): JaxArray =>
  nn.oneHot(np.array(Int32Array.from({ length: batch }, (_, i) => i % classes)), classes);

/** Mean of softplus(z) - z y: binary cross entropy of logits. */
function bceWithLogits(z: JaxArray, y: JaxArray): JaxArray {
  const relu = nn.relu(z.ref);
  const tail = np.log1p(np.exp(np.abs(z.ref).mul(-1)));
  return relu.sub(z.mul(y)).add(tail).mean();
}

const crossEntropy = (z: JaxArray, y: JaxArray, batch: number): JaxArray =>
  nn
    .logSoftmax(z)
    .mul(y)
    .sum()
    .mul(-1 / batch);

async function steps(): Promise<void> {
  for (const { name, sizes, batch, loss: kind } of cases.nets) {
    const layers = sizes.length - 1;
    const outputs = sizes[layers]!;
    const x = random.uniform(random.key(77), [batch, sizes[0]]);
    const y =
      kind === 'ce'
        ? labels(batch, outputs)
        : np.array(Float32Array.from({ length: batch }, (_, i) => i % 2)).reshape([batch, 1]);
    const forward = (p: Params, input: JaxArray, target: JaxArray): JaxArray => {
      let h = input;
      for (let i = 0; i < layers; i++) {
        h = np.dot(h, p[`w${i}`]!).add(p[`b${i}`]!);
        if (i < layers - 1) h = nn.relu(h);
      }
      return kind === 'ce' ? crossEntropy(h, target, batch) : bceWithLogits(h, target);
    };
    const gradient = valueAndGrad(forward);
    for (const optimizer of cases.optimizers) {
      let params: Params = {};
      for (let i = 0; i < layers; i++) {
        params[`w${i}`] = random.uniform(random.key(i), [sizes[i]!, sizes[i + 1]!], {
          minval: -0.1,
          maxval: 0.1,
        });
        params[`b${i}`] = np.zeros([sizes[i + 1]!]);
      }
      if (optimizer === 'SGD') {
        const step = jit((p: Params, input: JaxArray, target: JaxArray): [JaxArray, Params] => {
          const [loss, g] = gradient(tree.ref(p), input, target) as [JaxArray, Params];
          return [loss, mapParams(p, (key, w) => w.sub(g[key]!.mul(0.01)))];
        });
        await measure(cases.stepCase(name, optimizer), () => {
          const [loss, next] = step(params, x.ref, y.ref);
          params = next;
          return loss.item();
        });
      } else {
        let state = { m: zerosLike(params), v: zerosLike(params), t: np.array(0) };
        const step = jit(
          (
            p: Params,
            s: typeof state,
            input: JaxArray,
            target: JaxArray,
          ): [JaxArray, Params, typeof state] => {
            const [loss, g] = gradient(tree.ref(p), input, target) as [JaxArray, Params];
            const t = s.t.add(1);
            const c1 = np.subtract(1, np.power(0.9, t.ref));
            const c2 = np.subtract(1, np.power(0.999, t.ref));
            const m: Params = {};
            const v: Params = {};
            const next = mapParams(p, (key, w) => {
              const grad = g[key]!;
              m[key] = s.m[key]!.mul(0.9).add(grad.ref.mul(0.1));
              v[key] = s.v[key]!.mul(0.999).add(grad.ref.mul(grad).mul(0.001));
              const denominator = np.sqrt(v[key].ref.div(c2.ref)).add(1e-8);
              return w.sub(m[key].ref.div(c1.ref).div(denominator).mul(1e-3));
            });
            c1.dispose();
            c2.dispose();
            return [loss, next, { m, v, t }];
          },
        );
        await measure(cases.stepCase(name, optimizer), () => {
          const [loss, next, nextState] = step(params, state, x.ref, y.ref);
          params = next;
          state = nextState;
          return loss.item();
        });
      }
    }
  }
}

const mapParams = (p: Params, f: (key: string, w: JaxArray) => JaxArray): Params =>
  Object.fromEntries(Object.entries(p).map(([key, w]) => [key, f(key, w)]));

const zerosLike = (p: Params): Params => mapParams(p, (_, w) => np.zeros(w.shape));

async function kernels(): Promise<void> {
  const consume = (make: () => JaxArray) => async (): Promise<void> => {
    const result = make();
    await result.blockUntilReady();
    result.dispose();
  };
  for (const n of cases.matmulSizes) {
    const a = random.uniform(random.key(1), [n, n]);
    const b = random.uniform(random.key(2), [n, n]);
    await measure(
      cases.matmulCase(n),
      consume(() => np.matmul(a.ref, b.ref)),
    );
  }
  const a = random.uniform(random.key(1), [2 ** 20]);
  const b = random.uniform(random.key(2), [2 ** 20]);
  const logits = random.uniform(random.key(3), [1024, 1000]);
  const calls: Record<(typeof cases.elementwise)[number], () => JaxArray> = {
    add: () => a.ref.add(b.ref),
    exp: () => np.exp(a.ref),
    tanh: () => np.tanh(a.ref),
    sum: () => a.ref.sum(),
    softmax: () => nn.softmax(logits.ref),
  };
  for (const name of cases.elementwise) await measure(cases.elementwiseCase(name), consume(calls[name]));
}

async function losses(): Promise<void> {
  for (const shape of cases.lossShapes) {
    const rows = (shape as readonly number[]).reduce((a, b) => a * b, 1) / shape[1];
    const input = random.uniform(random.key(1), [rows, shape[1]]);
    const target = random.uniform(random.key(2), [rows, shape[1]]);
    const classes = labels(rows, shape[1]);
    const calls: Partial<Record<(typeof cases.losses)[number], (x: JaxArray, y: JaxArray) => JaxArray>> = {
      crossEntropy: (x, y) => crossEntropy(x, y, rows),
      bceWithLogits,
      mse: (x, y) => np.square(x.sub(y)).mean(),
      l1: (x, y) => np.abs(x.sub(y)).mean(),
    };
    for (const name of cases.losses) {
      const call = calls[name];
      if (call === undefined) continue;
      const gradient = jit(valueAndGrad(call));
      const y = name === 'crossEntropy' ? classes : target;
      await measure(cases.lossCase(name, shape), async () => {
        const [loss, g] = gradient(input.ref, y.ref) as [JaxArray, JaxArray];
        await g.blockUntilReady();
        loss.dispose();
        g.dispose();
      });
    }
  }
}

await runSuite({ steps, kernels, losses, ...layers });
process.exit(0);
