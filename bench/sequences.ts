import { arange, noGrad, ones, randint, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { layerCases, sequences } from './peers/cases.ts';

/** How a function is run: as it is, or compiled. */
type Way = (call: () => Tensor | undefined) => () => Tensor | undefined;

const causalMask = (length: number): Tensor =>
  ones([length, length], { dtype: 'bool' }).triu({ diagonal: 1 });

/** A layer forward, and with its gradients; `call` gives what is of the shape of x. */
function* layerCalls(
  { name, batch, length, size }: { name: string; batch: number; length: number; size: number },
  model: { zeroGrad(): void },
  call: (x: Tensor) => Tensor,
  way: Way,
): Generator<[name: string, call: () => unknown]> {
  const x = randn([batch, length, size], { requiresGrad: true });
  const g = randn([batch, length, size]);
  const [forward, both] = layerCases(name);
  yield [forward, way(() => noGrad(() => call(x)))];
  yield [
    both,
    way(() => {
      model.zeroGrad();
      x.grad = null;
      call(x).backward({ gradient: g });
      return undefined;
    }),
  ];
}

function gptStep(): () => Tensor {
  const { length, batch, size, heads, layers, vocabulary } = sequences.gpt;
  const block = new nn.TransformerEncoderLayer(size, heads, {
    dimFeedforward: 4 * size,
    dropout: 0,
    activation: 'gelu',
    batchFirst: true,
    normFirst: true,
  });
  const blocks = new nn.TransformerEncoder(block, layers, { norm: new nn.LayerNorm(size) });
  const characters = new nn.Embedding(vocabulary, size);
  const places = new nn.Embedding(length, size);
  const head = new nn.Linear(size, vocabulary);
  const parameters = [characters, places, blocks, head].flatMap((part) => part.parameters());
  const optimizer = new optim.AdamW(parameters, { lr: 1e-3 });
  const codes = randint(0, vocabulary, [batch, length]);
  const target = randint(0, vocabulary, [batch * length]);
  const mask = causalMask(length);
  return () => {
    optimizer.zeroGrad();
    const x = blocks(characters(codes).add(places(arange(length))), { mask, isCausal: true });
    const loss = nn.F.crossEntropy(head(x).flatten(0, 1), target);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

/** The cases of `sequences`, each when its turn comes; `way` is how a function is run. */
export function* sequenceCalls(way: Way): Generator<[name: string, call: () => unknown]> {
  const { lstm, attention, gpt } = sequences;
  const recurrent = new nn.LSTM(lstm.size, lstm.size, { batchFirst: true });
  yield* layerCalls(lstm, recurrent, (x) => recurrent(x)[0], way);
  const looking = new nn.MultiheadAttention(attention.size, attention.heads, { batchFirst: true });
  const seen = { attnMask: causalMask(attention.length), isCausal: true, needWeights: false };
  yield* layerCalls(attention, looking, (x) => looking(x, x, x, seen)[0], way);
  const step = way(gptStep());
  yield [gpt.name, () => step()?.item()];
}
