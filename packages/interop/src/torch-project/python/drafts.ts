/** Classes whose numbers are marked, so that the instances of one can be compared. */
import type { Statement } from './body.ts';
import { type Mark, marksIn, type Py, withMarks } from './text/index.ts';

/** A class before its instances are compared: numbers are marked. */
export interface Draft {
  /** The class that it extends, `nn.Module`, and what its constructor is given. */
  readonly base: string;
  readonly given: readonly Py[];
  readonly parts: readonly { readonly target: string; readonly value: Py }[];
  /** The parameters of forward after self; `null` where the base's is used. */
  readonly parameters: readonly string[] | null;
  readonly body: readonly Statement[];
  readonly result: Py;
  /** The same where the mode is eval, if it is another one. */
  readonly evaluation: { readonly body: readonly Statement[]; readonly result: Py } | null;
}

const mapParts = (draft: Draft, f: (mark: Mark) => string) => ({
  given: draft.given.map((x) => withMarks(x, f)),
  parts: draft.parts.map(({ target, value }) => ({ target, value: withMarks(value, f) })),
});
const mapBody = (
  { body, result }: { body: readonly Statement[]; result: Py },
  f: (mark: Mark) => string,
) => ({
  body: body.map((s) => ({ ...s, value: withMarks(s.value, f) })),
  result: withMarks(result, f),
});
/** A draft with its marks replaced, in the order of its text. */
export const mapDraft = (draft: Draft, f: (mark: Mark) => string): Draft => ({
  ...draft,
  ...mapParts(draft, f),
  ...mapBody(draft, f),
  evaluation: draft.evaluation === null ? null : mapBody(draft.evaluation, f),
});
export const marksOfParts = (draft: Draft) => [
  ...draft.given.flatMap(marksIn),
  ...draft.parts.flatMap(({ value }) => marksIn(value)),
];
export const marksOfDraft = (draft: Draft) => {
  const ofBody = ({ body, result }: { body: readonly Statement[]; result: Py }) => [
    ...body.flatMap(({ value }) => marksIn(value)),
    ...marksIn(result),
  ];
  return [
    ...marksOfParts(draft),
    ...ofBody(draft),
    ...(draft.evaluation === null ? [] : ofBody(draft.evaluation)),
  ];
};
