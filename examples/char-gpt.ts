import { CharGPT } from './char/gpt.ts';
import { main } from './char/main.ts';
import { count } from './command-line.ts';
import { UsageError } from './flags.ts';

await main({
  name: 'char-gpt',
  what: 'a small transformer',
  flags: {
    layers: count('blocks', 4, 4096),
    width: count('features of a character', 128, 4096),
    heads: count('parts that attention looks at apart, which divide the width', 4, 4096),
  },
  make: (vocabularySize, { context, width, layers, heads }) => {
    if (width % heads !== 0) throw new UsageError(`--heads ${heads} does not divide --width ${width}`);
    return new CharGPT(vocabularySize, context, width, layers, heads);
  },
});
