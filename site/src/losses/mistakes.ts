/** Mistakes as programs, and what Kindling says when they run. */
import * as core from '@kindling/core';
import * as nn from '@kindling/nn';
import { importedNames, runProgram } from '../live/program.ts';
import { load } from '../live/registry.ts';
import type { Mistake } from './content/index.ts';

/** What a program was told. */
interface Said {
  /** `Warning`, or the name of the error that ended it. */
  readonly kind: string;
  readonly message: string;
}

/** What of core a program calls. */
function coreNames(code: string): string[] {
  const called = [...code.matchAll(/(?<![.\w])([a-z]\w*)\(/gi)].map(([, name = '']) => name);
  return [...new Set(called)].filter((name) => name in core).sort();
}

/** The mistake as a program that runs, with the wrong line or the right one. */
export function programOf({ setup, wrong, right }: Mistake, line: 'wrong' | 'right'): string {
  const body = `${setup}\n${line === 'wrong' ? wrong : right}`;
  const names = coreNames(body);
  const imports = names.length === 0 ? '' : `import { ${names.join(', ')} } from '@kindling/core';\n`;
  return `${imports}import * as nn from '@kindling/nn';\n\n${body}\n`;
}

/** A warning without the place of the call, which is that of the program here, and without how to turn it off. */
const textOf = (warning: string): string =>
  warning.replace(/^Warning: /, '').replace(/\n(?: {4}|\(Said once)[\s\S]*$/, '');

/** Runs a program, and says what it was told first; `undefined` where all went well. */
export async function saidBy(code: string): Promise<Said | undefined> {
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (text: unknown) => void warnings.push(String(text));
  // A warning comes once for each place of a call, and that of all programs is one.
  nn.setInputChecks('warn');
  core.manualSeed(0);
  try {
    const require = await load(importedNames(code));
    const failure = await runProgram([code], { require, console, enterBlock: () => {} });
    const [warning] = warnings;
    if (warning !== undefined) return { kind: 'Warning', message: textOf(warning) };
    return failure === undefined ? undefined : { kind: failure.name, message: failure.message };
  } finally {
    console.warn = warn;
  }
}
