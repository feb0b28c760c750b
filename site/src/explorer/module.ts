/** The module of the worker that takes notice of what a program compiles, and tells the page what came of it. */
import {
  type Compiled,
  type compile,
  getNumThreads,
  observe,
  type Program,
  setNumThreads,
  Tensor,
} from '@kindling/core';
import { postToPage } from '../live/page.ts';
import { linesFromHere } from '../workbench/line-of-caller.ts';
import type { Exploration, Explored, ExploredProgram, Measured } from './exploration.ts';
import { linesOf, type Seen } from './lines.ts';
import { measure, type Way } from './measure.ts';

type Step = Compiled<readonly unknown[], unknown>;
type Compile = typeof compile;

/** A program as it was seen to be recorded. */
interface Recorded {
  readonly program: Program;
  /** The arguments of the call. */
  readonly given: readonly unknown[];
  /** What ran in the call. */
  readonly seen: readonly Seen[];
}

/** A function that the program compiled. */
interface Taken {
  readonly step: Step;
  /** What the program has in its place. */
  readonly handed: unknown;
  readonly eager: (...args: readonly unknown[]) => unknown;
  /** What it was called with lastly. */
  given: readonly unknown[] | null;
  readonly recorded: Recorded[];
}

/** Calls until a program is there: the first runs, the second is recorded, and a few more may differ. */
const mostCalls = 6;
const milliseconds = 1500;

const taken: Taken[] = [];
let lineNow = (): number | null => null;

function callOf(one: Taken, args: readonly unknown[]): unknown {
  const { step, recorded } = one;
  one.given = args;
  const before = step.programs.at(-1);
  const seen: Seen[] = [];
  // Programs run no operations, so that only calls which are recorded pay for being looked at.
  const stop = observe({ after: (name) => void seen.push({ name, line: lineNow() }) });
  try {
    return step(...args);
  } finally {
    stop();
    const program = step.programs.at(-1);
    if (program !== undefined && program !== before) recorded.push({ program, given: args, seen });
  }
}

/** `compile`, which takes notice. */
const noticing =
  (original: Compile): Compile =>
  (fn, options) => {
    const step = original(fn, options) as unknown as Step;
    const handed = (...args: readonly unknown[]): unknown => callOf(one, args);
    const one: Taken = { step, handed, eager: fn as unknown as Taken['eager'], given: null, recorded: [] };
    taken.push(one);
    return Object.defineProperties(handed, Object.getOwnPropertyDescriptors(step)) as never;
  };

const threadWord = (n: number): string => `compiled, ${n} thread${n === 1 ? '' : 's'}`;

/** The ways to make a call: as it is, and as a program on one thread and on all. */
function waysOf({ step, eager }: Taken, args: readonly unknown[]): Way[] {
  const all = getNumThreads();
  const on = (threads: number): Way => ({
    label: threadWord(threads),
    prepare: () => setNumThreads(threads),
    call: () => step(...args),
  });
  return [
    { label: 'eager', prepare: () => setNumThreads(all), call: () => eager(...args) },
    on(1),
    ...(all > 1 && globalThis.crossOriginIsolated === true ? [on(all)] : []),
  ];
}

/** What was seen of the programs that the function has now, in its order. */
const recordedOf = ({ step, recorded }: Taken): Recorded[] =>
  step.programs.map(
    (program) => recorded.find((one) => one.program === program) ?? { program, given: [], seen: [] },
  );

/** Whether such a call runs that program, which is for the settings of its time. */
function runs({ step }: Taken, program: number, args: readonly unknown[]): boolean {
  const calls = (): number | undefined => step.report()[program]?.calls;
  const before = calls();
  step(...args);
  return calls() !== before;
}

const shapesIn = (value: unknown): string[] => {
  if (value instanceof Tensor) return [`[${value.shape.join(', ')}]`];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(shapesIn);
};

function programsOf(one: Taken): ExploredProgram[] {
  const reports = one.step.report();
  return recordedOf(one).flatMap(({ program, given, seen }, i) => {
    const report = reports[i];
    if (report === undefined) return [];
    const shapes = shapesIn(given).join(', ');
    const label = `${i + 1}: ${report.reason}${shapes === '' ? '' : `, for ${shapes}`}`;
    return [{ label, report, lines: linesOf(program.equations, seen) }];
  });
}

export const explorer = {
  /** Takes notice of what is compiled from now on, by the module that the program has. */
  begin(core: object): void {
    lineNow = linesFromHere();
    const module = core as { compile: Compile };
    module.compile = noticing(module.compile);
  },

  /** Tells what became of the functions; `values` are what the code's names stand for. Then times them. */
  finish(values: Readonly<Record<string, unknown>>, post = postToPage, time = milliseconds): void {
    for (const one of taken)
      for (let i = 0; one.given !== null && one.step.programs.length === 0 && i < mostCalls; i++)
        callOf(one, one.given);
    const ready = taken.filter(({ step }) => step.programs.length > 0);
    const explorations = ready.map(
      (one, i): Exploration => ({
        name: Object.keys(values).find((key) => values[key] === one.handed) ?? `step ${i + 1}`,
        explanation: one.step.explain(),
        programs: programsOf(one),
      }),
    );
    const idle = taken.length - ready.length;
    const note =
      taken.length === 0
        ? 'Nothing was compiled: hand a function to compile().'
        : idle === 0
          ? null
          : `${idle} compiled function${idle === 1 ? ' has' : 's have'} no program: call it.`;
    post({ kind: 'explored', explorations, note } satisfies Explored);
    const isolated = globalThis.crossOriginIsolated === true;
    for (const [of, one] of ready.entries())
      for (const [program, { given }] of recordedOf(one).entries()) {
        const ways = runs(one, program, given) ? waysOf(one, given) : [];
        const times = measure(ways, time / one.step.programs.length);
        post({ kind: 'measured', of, program, times, isolated } satisfies Measured);
      }
    taken.length = 0;
  },
};
