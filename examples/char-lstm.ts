import { CharLSTM } from './char/lstm.ts';
import { main } from './char/main.ts';
import { common } from './char/options.ts';

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
