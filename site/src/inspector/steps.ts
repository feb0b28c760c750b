/** What stands where after so many steps of a backward pass. */
import type { Inspection, Pass, Shown, Value, Visit } from './inspection.ts';

/** What has come to a value by now. */
export interface Gradient {
  /** What was passed on to it, in order; a sum once all is there. */
  readonly parts: readonly Shown[];
  /** The whole, as the engine has added it up, once it is visited. */
  readonly whole: Shown | null;
}

/** The gradients after `step` visits, by value. Before the first, the roots have theirs. */
export function gradientsAfter(pass: Pass, step: number): ReadonlyMap<number, Gradient> {
  const found = new Map<number, { parts: Shown[]; whole: Shown | null }>();
  const at = (value: number) => {
    const known = found.get(value) ?? { parts: [], whole: null };
    found.set(value, known);
    return known;
  };
  for (const { arrived } of pass.visits)
    for (const { value, gradient } of arrived) if (pass.roots.includes(value)) at(value).parts.push(gradient);
  for (const { arrived, passed } of pass.visits.slice(0, step)) {
    for (const { value, gradient } of arrived) at(value).whole = gradient;
    for (const { to, gradient } of passed) at(to).parts.push(gradient);
  }
  return found;
}

/** A gradient in a few characters. */
export const shortOf = ({ parts, whole }: Gradient): string =>
  whole?.short ?? parts.map(({ short }) => short).join(' + ');

/** What a step does, in words. */
export function narrate({ values, operations }: Inspection, visit: Visit): string {
  const label = (value: number): string => values[value]?.label ?? '';
  const operation = visit.operation === null ? undefined : operations[visit.operation];
  if (operation === undefined) {
    const [arrived] = visit.arrived;
    if (arrived === undefined) return '';
    const gets = `${label(arrived.value)} is a leaf, and gets ${arrived.gradient.short}`;
    if (visit.grad?.after == null) return `${gets}, which the call returns; .grad is left alone.`;
    return visit.grad.before === null
      ? `${gets}, which becomes its .grad.`
      : `${gets}, which is added to its .grad: ${visit.grad.before.short} becomes ${visit.grad.after.short}.`;
  }
  const gets = visit.arrived.map(({ gradient }) => gradient.short).join(' and ');
  const gives = visit.passed.map(
    ({ to, gradient, formula }) => `${gradient.short} to ${label(to)} (${formula})`,
  );
  return `${operation.node ?? operation.name} gets ${gets}, and passes on ${gives.length === 0 ? 'nothing' : gives.join(', ')}.`;
}

/** Why a value has no gradient in a pass, if it has none. */
export function whyNone({ operations, values }: Inspection, { maker, wantsGradient }: Value): string {
  if (wantsGradient) return 'No gradient has come here.';
  const operation = maker === null ? undefined : operations[maker];
  const lost = operation?.inputs.some((i) => values[i]?.wantsGradient) ?? false;
  return lost
    ? `Gradients end here: ${operation?.name} is not recorded.`
    : 'A constant: no gradient is wanted.';
}
