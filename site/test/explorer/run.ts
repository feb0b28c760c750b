/** Runs a program of the explorer as its worker does. */
import * as core from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import type { Explored, Measured } from '../../src/explorer/exploration.ts';
import { explorer } from '../../src/explorer/module.ts';
import { explored, explorerModule } from '../../src/explorer/source.ts';
import { runProgram } from '../../src/live/program.ts';

export async function explore(code: string): Promise<{ found: Explored; measured: Measured[] }> {
  const told: unknown[] = [];
  const looking = {
    begin: explorer.begin,
    finish: (values: Record<string, unknown>) =>
      explorer.finish(values, (message) => void told.push(message), 20),
  };
  const modules: Record<string, object> = {
    '@kindling/core': { ...core, __esModule: true },
    '@kindling/nn': nn,
    '@kindling/optim': optim,
    [explorerModule]: { explorer: looking },
  };
  const failure = await runProgram(explored(code), {
    // The module of core is one object, as in the worker.
    require: (name) => (name === '@kindling/core' ? modules[name] : { ...modules[name], __esModule: true }),
    console: { log: () => {} },
    enterBlock: () => {},
  });
  if (failure) throw new Error(`${failure.name}: ${failure.message} (line ${failure.line})`);
  const [found, ...measured] = told as [Explored, ...Measured[]];
  return { found, measured };
}
