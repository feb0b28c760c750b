/** Computes what the pages of the losses ask for, beside them. */
import '../live/listen.ts';
import { onPageMessage, postToPage } from '../live/page.ts';
import { type Answer, computations, type Question } from './library.ts';

onPageMessage((message) => {
  const { id, name, given } = message as Question;
  const compute = computations[name] as (...given: unknown[]) => Answer['value'];
  postToPage({ id, value: compute(...given) } satisfies Answer);
});
