import { CharGPT } from './char/gpt.ts';
import { main } from './char/main.ts';
import { UsageError } from './flags.ts';

const size = { integer: true, least: 1, most: 4096 };
await main({
  name: 'char-gpt',
  what: 'a small transformer',
  flags: {
    layers: { ...size, help: 'blocks', fallback: 4 },
    width: { ...size, help: 'features of a character', fallback: 128 },
    heads: { ...size, help: 'parts that attention looks at apart, which divide the width', fallback: 4 },
  },
  make: (vocabularySize, { context, width, layers, heads }) => {
    if (width % heads !== 0) throw new UsageError(`--heads ${heads} does not divide --width ${width}`);
    return new CharGPT(vocabularySize, context, width, layers, heads);
  },
});
