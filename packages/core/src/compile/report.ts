/** What became of a compiled function, as plain data. */
import { readsOf, writesOf } from '../kernels/index.ts';
import { areaNames, equationsOf, printStep } from './machine/index.ts';
import { equationLines } from './print.ts';
import { bytesOfMemory } from './program.ts';
import type { Version } from './versions.ts';

/** What {@link Compiled.report} says of one program. */
export interface ProgramReport {
  /** Why the programs before did not serve. */
  readonly reason: string;
  /** How often it has run. */
  readonly calls: number;
  /** Its equations as `explain()` prints them, with what the host does between them. */
  readonly lines: readonly ReportLine[];
  /** What does them, in order. */
  readonly steps: readonly StepReport[];
  /** What it takes while it runs. */
  readonly memory: MemoryReport;
  /** The WebAssembly that runs: the module of the program, and the one that threads run, if there is one. */
  readonly modules: readonly Uint8Array[];
}

/** A line of a program as it is printed. */
export interface ReportLine {
  /** As `explain()` has it. */
  readonly text: string;
  /** The number of the equation; `null` for what is none: the host's part, what is returned. */
  readonly equation: number | null;
  /** Whether it is a view, which nothing does. */
  readonly view: boolean;
  /**
   * Whether the host does something here, between equations: what `onHost` was given, such as the counts of an
   * optimizer.
   */
  readonly host: boolean;
}

/** A kernel of a program, or an equation that has none. */
export interface StepReport {
  /**
   * `eager`: the kernel of eager calls, on the program's memory; `javascript`: what is meant to work there, such as a
   * draw.
   */
  readonly kind: 'elementwise' | 'copy' | 'product' | 'call' | 'eager' | 'javascript';
  /** The operations in it; for an equation without kernel also why. */
  readonly text: string;
  /** The equations that it does, by number: several where they were fused. */
  readonly equations: readonly number[];
  /**
   * The microseconds that it takes by itself; `null` where it is no kernel, or kernels cannot run again after a call:
   * one would refuse what it finds.
   */
  readonly microseconds: number | null;
  /** The areas of {@link MemoryReport} and the state that it reads, by name. */
  readonly reads: readonly string[];
  /** Those that it writes. */
  readonly writes: readonly string[];
}

/** The memory of a program, in bytes. */
export interface MemoryReport {
  /** What it has of its own, areas lying over others that are not in use at the time. */
  readonly bytes: number;
  /** What its areas would take side by side. */
  readonly sum: number;
  /** What parameters, buffers and the state of optimizers take. */
  readonly state: number;
  /**
   * Each area: how long it is, where it lies, and from which step to which it is in use (`null`: to the end of all
   * calls).
   */
  readonly areas: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly at: number;
    readonly from: number;
    readonly to: number | null;
  }[];
}

/** Says of a program what became of it; its kernels are timed for that. */
export function reportOf({ executable, reason, calls }: Version): ProgramReport {
  const { program, plan, steps, modules } = executable;
  const nameOf = areaNames(steps);
  const times = executable.timings();
  const state = program.memories.filter(({ origin }) => origin.kind === 'state');
  return {
    reason,
    calls,
    lines: equationLines(program),
    steps: steps.map((step, i) => {
      const kernel = step.kind === 'kernel';
      const names = (areas: readonly Parameters<typeof nameOf>[0][]) => [...new Set(areas.map(nameOf))];
      return {
        kind: kernel ? step.kernel.kind : step.inJavaScript ? 'javascript' : 'eager',
        text: printStep(step, program.equations, nameOf),
        equations: equationsOf(step),
        microseconds: times[i] ?? null,
        reads: names(kernel ? readsOf(step.kernel) : step.reads),
        writes: names(kernel ? writesOf(step.kernel) : step.writes),
      };
    }),
    memory: {
      bytes: plan.bytes,
      sum: plan.sum,
      state: state.reduce((sum, memory) => sum + bytesOfMemory(memory), 0),
      areas: plan.lifetimes.map(({ memory, from, to }) => ({
        name: nameOf(memory),
        bytes: bytesOfMemory(memory),
        at: plan.places.get(memory) ?? 0,
        from,
        to: Number.isFinite(to) ? to : null,
      })),
    },
    modules,
  };
}
