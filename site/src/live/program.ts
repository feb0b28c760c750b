/** Makes one program of its blocks, and tells where in them a line of it stands. */
import { transform } from 'sucrase';
import type { Failure } from './protocol.ts';

/** The name that frames of a program have in stacks. */
const source = 'program.ts';

/** What a program is called with, besides what JavaScript has. */
interface Scope {
  readonly require: (name: string) => unknown;
  readonly console: unknown;
  /** Called where a block begins. */
  readonly enterBlock: (block: number) => void;
}

const parameters = ['require', 'exports', 'console', '__enterBlock'] as const;

// `new AsyncFunction(...)` puts these before the body: its head and a line break or two, which engines count
// differently.
const AsyncFunction = (async () => {}).constructor as new (
  ...texts: string[]
) => (...values: unknown[]) => Promise<void>;

/** The names that a program imports, of packages and of modules of the page. */
export function importedNames(code: string): string[] {
  const found = code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1/g);
  return [...new Set([...found].map(([, , name = '']) => name))];
}

function javascript(blocks: readonly string[]): string {
  const text = blocks.map((block, i) => `;__enterBlock(${i});${block}`).join('\n');
  return transform(text, {
    transforms: ['typescript', 'imports'],
    disableESTransforms: true,
    filePath: source,
  }).code;
}

/** Lines between the head of a made function and its body, as this engine counts them. */
async function linesBeforeBody(): Promise<number> {
  try {
    await new AsyncFunction(...parameters, `throw new Error('');\n//# sourceURL=${source}`)();
    return 0;
  } catch (error) {
    return lineOf(error) ?? 0;
  }
}

/** The line, from 0, of the made function that the innermost frame of an error is in. */
export function lineOf(error: unknown): number | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frame = new RegExp(`(?:^|[\\s(@])${source.replace('.', '\\.')}:(\\d+)`, 'm').exec(stack);
  return frame?.[1] === undefined ? undefined : Number(frame[1]) - 1;
}

/** The block and the line in it, both from 0, of a line of the whole. */
export function placeOf(
  blocks: readonly string[],
  line: number,
): { block: number; line: number } | undefined {
  let first = 0;
  for (const [block, text] of blocks.entries()) {
    const lines = text.split('\n').length;
    if (line < first + lines) return line < first ? undefined : { block, line: line - first };
    first += lines;
  }
  return undefined;
}

/** An error of TypeScript's grammar names its line in its text: `Unexpected token (3:7)`. */
function lineInMessage(message: string): number | undefined {
  const place = /\((\d+):\d+\)/.exec(message);
  return place?.[1] === undefined ? undefined : Number(place[1]) - 1;
}

async function failureOf(blocks: readonly string[], error: unknown): Promise<Failure> {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const inGrammar = error instanceof SyntaxError ? lineInMessage(error.message) : undefined;
  const line = lineOf(error);
  const at = inGrammar ?? (line === undefined ? undefined : line - (await linesBeforeBody()));
  const message =
    inGrammar === undefined
      ? error.message
      : error.message.replace(/^Error transforming [^:]*: | \(\d+:\d+\)/g, '');
  return { name: error.name, message, ...(at !== undefined && placeOf(blocks, at)) };
}

/** Runs a program to its end; what stopped it, if something did. */
export async function runProgram(blocks: readonly string[], scope: Scope): Promise<Failure | undefined> {
  try {
    const body = `${javascript(blocks)}\n//# sourceURL=${source}`;
    const program = new AsyncFunction(...parameters, body);
    await program(scope.require, {}, scope.console, scope.enterBlock);
    return undefined;
  } catch (error) {
    return await failureOf(blocks, error);
  }
}
