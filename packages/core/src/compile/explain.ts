/** What became of a compiled function, in words. */
import type { ProgramReport, StepReport } from './report.ts';

const bytes = (n: number): string =>
  n < 1024 ? `${n} B` : n < 2 ** 20 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 2 ** 20).toFixed(1)} MiB`;

/** How many of something there are. */
const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

const printTime = (microseconds: number | null): string =>
  (microseconds === null ? '' : microseconds.toFixed(2)).padStart(9);

function explainReport({ reason, calls, lines, steps, memory }: ProgramReport, i: number): string {
  const equations = lines.filter((line) => line.equation !== null);
  const views = equations.filter((line) => line.view).length;
  const hosts = lines.filter(({ host }) => host).length;
  const count = (kind: StepReport['kind']): number => steps.filter((step) => step.kind === kind).length;
  const [eager, inJavaScript] = [count('eager'), count('javascript')];
  return [
    `program ${i}, recorded at ${reason}; ${counted(calls, 'call')} since`,
    `${counted(equations.length - views, 'equation')} and ${counted(views, 'view')} as ${counted(steps.length - eager - inJavaScript, 'kernel')}, ` +
      `${eager} by eager kernels, ${inJavaScript} in JavaScript, ${counted(hosts, 'part')} on the host`,
    `memory: ${bytes(memory.bytes)} of its own (${bytes(memory.sum)} side by side), ${bytes(memory.state)} of state`,
    ...lines.map(({ text }) => `  ${text}`),
    'which is done by, with microseconds each',
    ...steps.map(({ microseconds, text }) => `  ${printTime(microseconds)}  ${text}`),
  ].join('\n');
}

/** What {@link Compiled.explain} says. */
export const explain = (reports: readonly ProgramReport[]): string =>
  reports.length === 0
    ? 'nothing is compiled yet: the first call runs the function as it is, the second one is recorded'
    : reports.map(explainReport).join('\n\n');
