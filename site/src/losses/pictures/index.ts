/** How each loss is drawn, by families: computed by the library, in the page and while the site is built. */
import type { LossName } from '../names.ts';
import { classPictures } from './classes.ts';
import { distributionPictures } from './distributions.ts';
import { embeddingPictures } from './embeddings.ts';
import { numberPictures } from './numbers.ts';
import type { Picture } from './picture.ts';
import { regionPictures } from './regions.ts';
import { sequencePictures } from './sequences.ts';
import { yesOrNoPictures } from './yes-or-no.ts';

export { type Control, initial, type Settings } from './controls.ts';
export type { Landscape, Picture } from './picture.ts';

export const pictures: Readonly<Record<LossName, Picture>> = {
  ...numberPictures,
  ...distributionPictures,
  ...yesOrNoPictures,
  ...classPictures,
  ...regionPictures,
  ...embeddingPictures,
  ...sequencePictures,
};
