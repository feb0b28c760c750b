/** Runs a program of the inspector as its worker does. */
import * as core from '@kindling/core';
import * as nn from '@kindling/nn';
import type { Inspection } from '../../src/inspector/inspection.ts';
import { type Inspected, inspector } from '../../src/inspector/module.ts';
import { inspected, inspectorModule } from '../../src/inspector/source.ts';
import { runProgram } from '../../src/live/program.ts';

export async function inspect(code: string): Promise<{ inspection: Inspection; printed: unknown[] }> {
  const printed: unknown[] = [];
  const told: Inspected[] = [];
  const looking = {
    begin: inspector.begin,
    finish: (...[values, declared]: Parameters<typeof inspector.finish>) =>
      inspector.finish(values, declared, (message) => void told.push(message as Inspected)),
  };
  const modules: Record<string, object> = {
    '@kindling/core': core,
    '@kindling/nn': nn,
    [inspectorModule]: { inspector: looking },
  };
  const failure = await runProgram(inspected(code), {
    require: (name) => ({ ...modules[name], __esModule: true }),
    console: { log: (...values: unknown[]) => printed.push(...values) },
    enterBlock: () => {},
  });
  if (failure) throw new Error(`${failure.name}: ${failure.message} (line ${failure.line})`);
  const [message] = told;
  if (message === undefined) throw new Error('nothing was told');
  return { inspection: message.inspection, printed };
}
