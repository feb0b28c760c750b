/** What became of a compiled function, in words. */
import { attributesAsText } from './attributes.ts';
import type { Version } from './compile.ts';
import { areaNames, printStep } from './machine/index.ts';
import { bytesOfMemory, type Equation, type Program, type Value } from './program.ts';

const bytes = (n: number): string =>
  n < 1024 ? `${n} B` : n < 2 ** 20 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 2 ** 20).toFixed(1)} MiB`;

function nameOf({ id, memory }: Value): string {
  const { kind } = memory.origin;
  return kind === 'local' ? `%${id}` : `%${id}:${memory.name ?? `${kind}${memory.id}`}`;
}

const typeOf = ({ dtype, shape }: Value): string => `${dtype}[${shape.join(', ')}]`;

/** As much of an operation's attributes as fits behind it. */
function printAttributes(attrs: unknown): string {
  const text = attributesAsText(attrs);
  if (['', 'null', '[]', '{}'].includes(text)) return '';
  return ` ${text.length > 80 ? `${text.slice(0, 77)}...` : text}`;
}

function printEquation({ name, inputs, attrs, host, outputs, rerun, line }: Equation): string {
  const results = outputs.map((y) => `${nameOf(y)}: ${typeOf(y)}`).join(', ');
  const given =
    host === null
      ? printAttributes(attrs)
      : ` host ${host.part}${host.item === null ? '' : `[${host.item}]`}`;
  const view = rerun === null ? ' (a view)' : '';
  return `${results} = ${name}(${inputs.map(nameOf).join(', ')})${given}${view}${line === null ? '' : `  # ${line}`}`;
}

/** A program as text: one equation a line. */
export function printProgram(program: Program): string {
  const hosts = program.hostParts.map(({ at }, i) => ({ at, text: `host ${i}` }));
  const lines: string[] = [];
  program.equations.forEach((equation, i) => {
    for (const { at, text } of hosts) if (at === i) lines.push(text);
    lines.push(printEquation(equation));
  });
  for (const { at, text } of hosts) if (at === program.equations.length) lines.push(text);
  for (const { value } of program.gradients)
    lines.push(`gradient = ${value === null ? 'null' : nameOf(value)}`);
  lines.push(`return ${program.results.map(nameOf).join(', ')}`);
  return lines.join('\n');
}

/** How many of something there are. */
const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

const printTime = (microseconds: number | null): string =>
  (microseconds === null ? '' : microseconds.toFixed(2)).padStart(9);

function explainVersion({ executable, reason, calls }: Version, i: number): string {
  const { program, plan, steps } = executable;
  const state = program.memories.filter(({ origin }) => origin.kind === 'state');
  const views = program.equations.filter((e) => e.rerun === null).length;
  const others = steps.filter((step) => step.kind === 'eager');
  const inJavaScript = others.filter((step) => step.inJavaScript).length;
  const nameOf = areaNames(steps);
  const times = executable.timings();
  return [
    `program ${i}, recorded at ${reason}; ${counted(calls, 'call')} since`,
    `${counted(program.equations.length - views, 'equation')} and ${counted(views, 'view')} as ${counted(steps.length - others.length, 'kernel')}, ` +
      `${others.length - inJavaScript} by eager kernels, ${inJavaScript} in JavaScript, ${counted(program.hostParts.length, 'part')} on the host`,
    `memory: ${bytes(plan.bytes)} of its own (${bytes(plan.sum)} side by side), ` +
      `${bytes(state.reduce((sum, memory) => sum + bytesOfMemory(memory), 0))} of state`,
    printProgram(program).replace(/^/gm, '  '),
    'which is done by, with microseconds each',
    ...steps.map(
      (step, i) => `  ${printTime(times[i] ?? null)}  ${printStep(step, program.equations, nameOf)}`,
    ),
  ].join('\n');
}

/** What {@link Compiled.explain} says. */
export const explain = (versions: readonly Version[]): string =>
  versions.length === 0
    ? 'nothing is compiled yet: the first call runs the function as it is, the second one is recorded'
    : versions.map(explainVersion).join('\n\n');
