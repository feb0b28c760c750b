/** What a run of mutants says, as Markdown. */
import type { Folder } from './folders.ts';
import type { Equivalent, Mutant } from './mutants.ts';

export interface Result {
  readonly name: string;
  readonly folder: Folder;
  /** How many mutants the folder has. */
  readonly all: number;
  readonly tried: number;
  readonly killed: number;
  /** How many of the killed were ended by the time limit or took the process with them. */
  readonly ended: number;
  readonly equivalent: readonly Equivalent[];
  readonly alive: readonly Mutant[];
}

/** The share of the mutants that could be killed and were, in percent. */
export const scoreOf = ({ tried, killed, equivalent }: Result): number =>
  (100 * killed) / Math.max(1, tried - equivalent.length);

/** The score of all folders together, each counting by the mutants that it has. */
function overallScore(results: readonly Result[]): number {
  const all = results.reduce((sum, { all }) => sum + all, 0);
  return results.reduce((sum, result) => sum + (scoreOf(result) * result.all) / all, 0);
}

export function markdownOf(results: readonly Result[]): string {
  const rows = results.map(
    (r) =>
      `| ${r.name} | packages/${r.folder.source} | ${r.all} | ${r.tried} | ${r.killed} | ${r.ended} | ` +
      `${r.equivalent.length} | ${r.alive.length} | ${scoreOf(r).toFixed(1)} % | ${r.folder.least} % |`,
  );
  return [
    '| name | folder | mutants | tried | killed | of them by time | equivalent | alive | score | least |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    `All of these folders, each by the mutants that it has: ${overallScore(results).toFixed(1)} %.`,
    ...list(
      'Equivalent mutants',
      results.flatMap(({ equivalent }) => equivalent.map((e) => [e, `: ${e.why}`] as const)),
    ),
    ...list(
      'Alive',
      results.flatMap(({ alive }) => alive.map((mutant) => [mutant, ` (line ${mutant.line})`] as const)),
    ),
  ].join('\n');
}

function list(
  title: string,
  items: readonly (readonly [Pick<Mutant, 'file' | 'code' | 'from' | 'to'>, string])[],
): string[] {
  if (items.length === 0) return [];
  const lines = items.map(
    ([{ file, code, from, to }, more]) =>
      `- ${file}, ${quote(code)}: ${quote(from)} becomes ${quote(to)}${more}`,
  );
  return ['', `## ${title}`, '', ...lines];
}

/** Code in Markdown; one with a backtick in it stands between two. */
const quote = (code: string): string => (code.includes('`') ? `\`\` ${code} \`\`` : `\`${code}\``);
