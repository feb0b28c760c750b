/** Recurrent layers over packed sequences inside compiled functions: the bits of eager. */

import { randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, it } from 'vitest';
import { change, expectSameBits } from '../../core/test/support/compiled.ts';

const { packPaddedSequence, padPackedSequence } = nn.utils.rnn;

type Packed = ReturnType<typeof packPaddedSequence>;
type Call = (packed: Packed) => [Packed, Tensor | readonly Tensor[]];

const layers: Readonly<Record<string, (options: nn.RecurrentOptions) => nn.RNN | nn.GRU | nn.LSTM>> = {
  'an RNN': (options) => new nn.RNN(3, 4, options),
  'an RNN of relu': (options) => new nn.RNN(3, 4, { ...options, nonlinearity: 'relu' }),
  'a GRU': (options) => new nn.GRU(3, 4, options),
  'an LSTM': (options) => new nn.LSTM(3, 4, options),
  'an LSTM with projections': (options) => new nn.LSTM(3, 4, { ...options, projSize: 2 }),
};

const ways: readonly [nn.RecurrentOptions, lengths: readonly number[]][] = [
  [{}, [4, 2, 2, 1]],
  [{ bidirectional: true }, [1, 4, 3]],
  [{ numLayers: 2, dropout: 0.5, bias: false }, [2, 4]],
  [{ numLayers: 2, bidirectional: true, batchFirst: true, dropout: 0.25 }, [3, 1, 3, 4]],
];

describe.each(Object.entries(layers))('%s over a packed sequence', (_, make) => {
  it.each(ways)('with %j of lengths %j, compiled, gives the bits of eager', (options, lengths) => {
    expectSameBits(() => {
      const net = make(options);
      const batch = lengths.length;
      const batchFirst = options.batchFirst ?? false;
      const x = randn(batchFirst ? [batch, 5, 3] : [5, batch, 3], { requiresGrad: true });
      const parameters = [...net.parameters(), x];
      return {
        call(): Tensor[] {
          for (const p of parameters) p.grad = null;
          const packed = packPaddedSequence(x, lengths, { batchFirst, enforceSorted: false });
          const [output, state] = (net as Call)(packed);
          const [padded, counts] = padPackedSequence(output, {
            batchFirst,
            paddingValue: 0.5,
            totalLength: 5,
          });
          const states = 'shape' in state ? [state] : state;
          const loss = states.reduce((sum, s) => sum.add(s.square().sum()), padded.sin().sum());
          loss.backward();
          change([x]);
          return [padded, counts, ...states];
        },
        state: () => parameters.map((p) => p.grad),
      };
    });
  });
});
