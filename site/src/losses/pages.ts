/** The pages of the losses, one each: words, and what is computed while the site is built. */
import { apart } from '../../../packages/nn/test/losses/markdown.ts';
import type { LossEntry } from '../../../packages/nn/test/losses/table.ts';
import { words } from './content/index.ts';
import { curveOf } from './curve.ts';
import { lossNames } from './families.ts';
import { markdownOf } from './markdown.ts';
import type { LossName } from './names.ts';
import type { FirstProblem, LossParams } from './params.ts';
import { initial, pictures } from './pictures/index.ts';
import { entryOf, firstSeed, smallProblem } from './reductions.ts';
import { sparkline } from './sparkline.ts';

/** What VitePress takes for a page of `[loss].md`. */
interface LossPage {
  readonly params: LossParams;
  readonly content: string;
}

/** Five digits: more are not seen. */
const brief = (numbers: readonly number[]): (number | null)[] =>
  numbers.map((value) => (Number.isFinite(value) ? Number(value.toPrecision(5)) : null));

function comparableTo(name: LossName): LossName[] {
  const { axis, controls } = pictures[name];
  const same = (other: LossName): boolean => {
    const { axis: a, controls: c } = pictures[other];
    return a.label === axis.label && a.from === axis.from && a.to === axis.to && c.target?.kind === 'slider';
  };
  return controls.target?.kind === 'slider' ? lossNames.filter((other) => other !== name && same(other)) : [];
}

function firstProblem(entry: LossEntry | undefined): FirstProblem | null {
  if (entry === undefined) return null;
  const { inputs, reductions, reduce } = smallProblem(entry, firstSeed);
  return { inputs, reductions, reduced: reduce('mean', null) };
}

function paramsOf(loss: LossName): LossParams {
  const picture = pictures[loss];
  const settings = initial(picture.controls);
  const { value, gradient } = curveOf(picture, settings);
  const landscape = picture.landscape?.(settings);
  const place = lossNames.indexOf(loss);
  return {
    loss,
    summary: words[loss].summary,
    axis: picture.axis,
    says: picture.says,
    controls: picture.controls,
    value: brief(value),
    gradient: brief(gradient),
    comparable: comparableTo(loss),
    landscape:
      landscape === undefined
        ? null
        : { axes: landscape.axes, start: landscape.start, rate: landscape.rate, says: landscape.says },
    problem: firstProblem(entryOf(loss)),
    previous: lossNames[place - 1] ?? null,
    next: lossNames[place + 1] ?? null,
  };
}

/** What the overview tells of a loss. */
export interface GalleryEntry {
  readonly loss: LossName;
  readonly summary: string;
  readonly path: string;
}

/** A small curve for each loss. */
export const galleryEntries = (): GalleryEntry[] =>
  lossNames.map((loss) => {
    const picture = pictures[loss];
    return {
      loss,
      summary: words[loss].summary,
      path: sparkline(curveOf(picture, initial(picture.controls))),
    };
  });

/** All pages. */
export async function lossPages(): Promise<LossPage[]> {
  const pages: LossPage[] = [];
  for (const loss of lossNames) {
    const entry = entryOf(loss) ?? apart[loss as keyof typeof apart];
    const params = paramsOf(loss);
    pages.push({ params, content: await markdownOf(loss, words[loss], entry, params) });
  }
  return pages;
}
