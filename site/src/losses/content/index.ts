/** What is said of each loss, by families; the compiler asks for every loss that `@kindling/nn` exports. */
import type { LossName } from '../names.ts';
import { classWords } from './classes.ts';
import { distributionWords } from './distributions.ts';
import { embeddingWords } from './embeddings.ts';
import { numberWords } from './numbers.ts';
import { purposeWords } from './purposes.ts';
import { regionWords } from './regions.ts';
import { sequenceWords } from './sequences.ts';
import type { Words } from './words.ts';
import { yesOrNoWords } from './yes-or-no.ts';

export { paperTitles } from './paper-titles.ts';
export type { Expectation, Mistake, Words } from './words.ts';

export const words: Readonly<Record<LossName, Words>> = {
  ...numberWords,
  ...purposeWords,
  ...distributionWords,
  ...yesOrNoWords,
  ...classWords,
  ...regionWords,
  ...embeddingWords,
  ...sequenceWords,
};
