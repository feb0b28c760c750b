/** Compiling: a function of tensors recorded as it runs, and run again as a program of the same bits. */
export { type Compiled, type CompileOptions, compile } from './compile.ts';
export type { Equation, GradientLeft, HostPart, Memory, Origin, Program, Value } from './program.ts';
export type { MemoryReport, ProgramReport, ReportLine, StepReport } from './report.ts';
