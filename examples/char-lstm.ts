import type { Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { main } from './char/main.ts';
import { common } from './char/options.ts';

/** A recurrent net that tells of each character what comes next: (N, T) to logits, (N, T, V). */
class CharLSTM extends nn.Module<[Tensor], Tensor> {
  characters: nn.Embedding;
  lstm: nn.LSTM;
  head: nn.Linear;

  constructor(vocabularySize: number, width: number, layers: number) {
    super();
    this.characters = new nn.Embedding(vocabularySize, width);
    this.lstm = new nn.LSTM(width, width, { numLayers: layers, batchFirst: true });
    this.head = new nn.Linear(width, vocabularySize);
  }

  override forward(codes: Tensor): Tensor {
    const [states] = this.lstm(this.characters(codes));
    return this.head(states);
  }
}

const size = { integer: true, least: 1, most: 4096 };
await main({
  name: 'char-lstm',
  what: 'an LSTM',
  flags: {
    layers: { ...size, help: 'layers of the LSTM', fallback: 2 },
    width: { ...size, help: 'features of a character, and of the state', fallback: 128 },
    lr: { ...common.lr, fallback: 3e-3 },
  },
  make: (vocabularySize, { width, layers }) => new CharLSTM(vocabularySize, width, layers),
});
