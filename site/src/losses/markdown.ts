/** The page of a loss as Markdown, with the components that show it at work. */
import { type Expectation, type Mistake, paperTitles, type Words } from './content/index.ts';
import { lossNames } from './families.ts';
import { programOf, saidBy } from './mistakes.ts';
import type { LossName } from './names.ts';
import { optionDocs } from './option-docs.ts';
import type { LossParams } from './params.ts';

/** What the table of the losses says of one. */
interface Row {
  readonly fn: string | null;
  readonly torch: string | null;
  readonly paper?: string;
  readonly args: string;
  readonly second?: boolean;
  readonly fused?: boolean;
}

const fence = (language: string, code: string): string => `\`\`\`${language}\n${code.trimEnd()}\n\`\`\``;
const known: readonly string[] = lossNames;

/** Losses that are named in code become links. */
const linked = (text: string, self: LossName): string =>
  text.replace(/(?<!\[)`(\w+)`/g, (code, name: string) =>
    known.includes(name) && name !== self ? `[\`${name}\`](./${name}.md)` : code,
  );

/** Text as HTML that Vue leaves alone. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(header), row(header.map(() => '---')), ...rows.map(row)].join('\n');

function expectations({ expects, unreduced }: Words): string {
  const cells = ({ name, shape, values, dtype }: Expectation): string[] => [
    `\`${name}\``,
    values,
    shape,
    dtype,
  ];
  return `<div class="kl-expects">\n\n${table(['Argument', 'Values', 'Shape', 'dtype'], expects.map(cells))}\n\n</div>

Shape of the unreduced loss: ${unreduced}.`;
}

function options(loss: LossName, fn: string | null): string {
  const docs = optionDocs(fn ?? '', loss);
  if (docs.length === 0) return 'It has no options besides `reduction`.';
  return table(
    ['Option', 'Meaning'],
    docs.map(({ name, text }) => [`\`${name}\``, text]),
  );
}

async function mistakeSection(mistake: Mistake): Promise<string> {
  const program = programOf(mistake, 'wrong');
  const said = await saidBy(program);
  if (said === undefined) throw new Error(`${mistake.title}: Kindling takes it in silence`);
  return `### ${mistake.title}

${mistake.why}

${fence('ts', program)}

<pre class="kl-said kl-said-${said.kind === 'Warning' ? 'warning' : 'error'}" tabindex="0" v-pre><strong>${said.kind}</strong> ${escaped(said.message)}</pre>

Instead:

${fence('ts fragment', mistake.right)}`;
}

function counterpart({ torch: differences }: Words, { torch, second, fused }: Row): string {
  const name = torch === null ? '' : `\`torch.nn.${torch}\`. `;
  const facts =
    second === undefined
      ? ''
      : `\n\nHere it ${second ? 'can' : 'cannot'} be differentiated twice${fused ? ', and is one operation forward and one backward where no sample weights are given' : ''}.`;
  return `${name}${differences}${facts}`;
}

/** The words of a page; what it shows at work, components add. */
export async function markdownOf(
  loss: LossName,
  words: Words,
  entry: Row,
  params: LossParams,
): Promise<string> {
  const { fn, args, paper: inTable } = entry;
  const mistakes: string[] = [];
  for (const mistake of words.mistakes) mistakes.push(await mistakeSection(mistake));
  const others = Object.entries(words.instead).map(([name, when]) => `- \`${name}\` ${when}.`);
  // What the function takes besides is told in brackets, as is what arguments may be.
  const taken = args.replace(/\s*\(of the function: ([^)]*)\)/, ', $1').replace(/\s*\([^)]*\)/g, '');
  const call = fn === null ? '' : `, as a function \`F.${fn}(${taken})\``;
  const title = paperTitles[loss];
  const titled = title === undefined ? inTable : inTable?.replace(']', `: ${title}]`);
  const paper = words.paper ? `[${words.paper.title}](${words.paper.url})` : (titled ?? '');
  const sections = [
    `# ${loss}\n\n${words.summary}`,
    `## What it expects\n\n${expectations(words)}\n\nAs a class \`new nn.${loss}(...)\`${call}.\n\n${options(loss, fn)}`,
    `## Formula\n\n$$\n${words.formula}\n$$\n\n${words.where}`,
    '## Value and gradient\n\n<LossCurve />',
    params.landscape === null ? '' : '## Landscape\n\n<LossLandscape />',
    params.problem === null ? '' : '## Reductions and weights\n\n<LossReductions />',
    `## Common mistakes\n\n${mistakes.join('\n\n')}`,
    words.unnoticed ? `### What goes unnoticed\n\n${words.unnoticed}` : '',
    `## When to use it\n\n${words.use}\n\nAnother is better:\n\n${others.join('\n')}\n\nMore questions and answers: [choosing a loss](../choosing-a-loss.md).`,
    `## In PyTorch\n\n${counterpart(words, entry)}`,
    `## Paper\n\n${paper}`,
    '<LossNeighbours />',
  ];
  return `${linked(sections.filter((section) => section !== '').join('\n\n'), loss)}\n`;
}
