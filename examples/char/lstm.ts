import type { Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

/** A recurrent net that tells of each character what comes next: (N, T) to logits, (N, T, V). */
export class CharLSTM extends nn.Module<[Tensor], Tensor> {
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
