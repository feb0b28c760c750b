/** Sequences of different lengths, packed and padded: `torch.nn.utils.rnn`. */
export * from '../layers/recurrent/packed-sequence.ts';
