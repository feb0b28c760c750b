import { CharLSTM } from './char/lstm.ts';
import { main } from './char/main.ts';
import { common } from './char/options.ts';
import { count } from './command-line.ts';

await main({
  name: 'char-lstm',
  what: 'an LSTM',
  flags: {
    layers: count('layers of the LSTM', 2, 4096),
    width: count('features of a character, and of the state', 128, 4096),
    lr: { ...common.lr, fallback: 3e-3 },
  },
  make: (vocabularySize, { width, layers }) => new CharLSTM(vocabularySize, width, layers),
});
