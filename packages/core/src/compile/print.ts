/** Programs in words: an equation a line. */
import { attributesAsText } from './json.ts';
import type { Equation, Program, Value } from './program.ts';
import type { ReportLine } from './report.ts';
import { argumentsIn } from './values.ts';

function nameOf({ id, memory }: Value): string {
  const kind = argumentsIn(memory).length > 0 ? 'argument' : memory.origin.kind;
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

/** A program, one equation a line. */
export function equationLines(program: Program): ReportLine[] {
  const other = (text: string, host = false): ReportLine => ({ text, equation: null, view: false, host });
  const hosts = program.hostParts.map(({ at }, i) => ({ at, line: other(`host ${i}`, true) }));
  const before = (equation: number): ReportLine[] =>
    hosts.flatMap(({ at, line }) => (at === equation ? [line] : []));
  const { equations, gradients, results } = program;
  return [
    ...equations.flatMap((equation, i) => [
      ...before(i),
      { text: printEquation(equation), equation: i, view: equation.rerun === null, host: false },
    ]),
    ...before(equations.length),
    ...gradients.map(({ value }) => other(`gradient = ${value === null ? 'null' : nameOf(value)}`)),
    other(`return ${results.map(nameOf).join(', ')}`),
  ];
}
