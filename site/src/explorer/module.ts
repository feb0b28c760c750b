/** The module of the worker that takes notice of what a program compiles, and tells the page what came of it. */
import { type Compiled, type compile, getNumThreads, observe, setNumThreads } from '@kindling/core';
import { postToPage } from '../live/page.ts';
import { linesFromHere } from '../workbench/line-of-caller.ts';
import type { Exploration, Explored, Measured } from './exploration.ts';
import { linesOf, type Seen } from './lines.ts';
import { measure, type Way } from './measure.ts';

type Step = Compiled<readonly unknown[], unknown>;
type Compile = typeof compile;

/** A function that the program compiled. */
interface Taken {
  readonly step: Step;
  /** What the program has in its place. */
  readonly handed: unknown;
  readonly eager: (...args: readonly unknown[]) => unknown;
  /** What it was called with lastly. */
  given: readonly unknown[] | null;
  /** What ran while the last of its programs was recorded. */
  seen: readonly Seen[];
}

/** Calls until a program is there: the first runs, the second is recorded, and a few more may differ. */
const mostCalls = 6;
const milliseconds = 1500;

const taken: Taken[] = [];
let lineNow = (): number | null => null;

function callOf(one: Taken, args: readonly unknown[]): unknown {
  one.given = args;
  const before = one.step.programs.length;
  const seen: Seen[] = [];
  const programs = (): number => one.step.programs.length;
  // To know lines costs much: once there is a program for such arguments, calls are left alone.
  if (before > 0 && one.seen.length > 0) return one.step(...args);
  const stop = observe({ after: (name) => void seen.push({ name, line: lineNow() }) });
  try {
    return one.step(...args);
  } finally {
    stop();
    if (programs() > before) one.seen = seen;
  }
}

/** `compile`, which takes notice. */
const noticing =
  (original: Compile): Compile =>
  (fn, options) => {
    const step = original(fn, options) as unknown as Step;
    const handed = (...args: readonly unknown[]): unknown => callOf(one, args);
    const one: Taken = { step, handed, eager: fn as unknown as Taken['eager'], given: null, seen: [] };
    taken.push(one);
    return Object.defineProperties(handed, Object.getOwnPropertyDescriptors(step)) as never;
  };

const threadWord = (n: number): string => `compiled, ${n} thread${n === 1 ? '' : 's'}`;

/** The ways to make a call: as it is, and as a program on one thread and on all. */
function waysOf({ step, eager, given }: Taken): Way[] {
  const args = given ?? [];
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
    const explorations = ready.flatMap(({ step, handed, seen }, i): Exploration[] => {
      const [report] = step.report();
      const [program] = step.programs;
      if (report === undefined || program === undefined) return [];
      const name = Object.keys(values).find((key) => values[key] === handed) ?? `step ${i + 1}`;
      return [{ name, report, explanation: step.explain(), lines: linesOf(program.equations, seen) }];
    });
    const idle = taken.length - ready.length;
    const note =
      taken.length === 0
        ? 'Nothing was compiled: hand a function to compile().'
        : idle === 0
          ? null
          : `${idle} compiled function${idle === 1 ? ' has' : 's have'} no program: call it.`;
    post({ kind: 'explored', explorations, note } satisfies Explored);
    for (const [of, one] of ready.entries())
      post({
        kind: 'measured',
        of,
        times: measure(waysOf(one), time),
        isolated: globalThis.crossOriginIsolated === true,
      } satisfies Measured);
    taken.length = 0;
  },
};
