import { KindlingError } from '../../errors.ts';
import { type ScalarFunction, scalarFunctions } from '../math/index.ts';
import { type Imports, ModuleBuilder, presentCompiling, SETTLE, type ValueType } from '../wasm/index.ts';
import { ByteLoops, suitsBytes } from './byte-loops.ts';
import { isCall, LoopEmitter } from './loops.ts';
import { type Level, lower, type Program, perCall, perElement, perRow } from './lower.ts';
import {
  inputAt,
  type KernelFunction,
  type KernelSpec,
  type Mode,
  type OutputSpec,
  type PlacedFunction,
  type RangedFunction,
} from './spec.ts';

const levels: Readonly<Record<Mode, Level>> = {
  dense: perElement,
  row: perElement,
  column: perRow,
  scalar: perCall,
};

/** A kernel's expressions as they will be written down. */
export const lowered = (spec: KernelSpec): Program<OutputSpec> =>
  lower(spec.outputs, spec.lane, (index) => levels[inputAt(spec, index).mode]);

/** The functions of JavaScript that kernels call, by name. */
export type ScalarFunctions = Record<string, Imports[string]>;

/**
 * Imports, into a module that has no functions yet, what these expressions call; `callees` says as which functions.
 * What is to be called before them comes too, under the name {@link SETTLE}.
 */
export function importScalarFunctions(
  module: ModuleBuilder,
  { nodes }: Program<OutputSpec>,
  spec: KernelSpec,
  callees: Map<string, number>,
  env: ScalarFunctions,
): void {
  for (const node of nodes) {
    if (node.op !== 'scalarCall' && node.op !== 'scalarCallWhere') continue;
    const { settle } = presentCompiling();
    if (settle !== undefined && !callees.has(SETTLE)) {
      callees.set(SETTLE, module.importFunction(SETTLE, [], []));
      env[SETTLE] = settle;
    }
    const name = node.attribute;
    if (callees.has(name)) continue;
    const operands = node.op === 'scalarCall' ? node.args : node.args.slice(2);
    const params = operands.map(() => 'f64' as const);
    callees.set(name, module.importFunction(name, params, ['f64']));
    env[name] = scalarFunction(name, spec);
  }
}

/**
 * Generates, compiles and instantiates the kernel that evaluates expressions over the scratch memory.
 * @throws KindlingError when an expression uses an input that there is not, an op that the lane has not, or a function
 * that has no implementation.
 */
export const compileKernel = (spec: KernelSpec): KernelFunction =>
  compileLoops<KernelFunction>(spec, ['i32', 'i32']);

/** The parameters of a {@link RangedFunction}. */
export const rangedTypes: readonly ValueType[] = ['i32', 'i32', 'i32', 'i32'];

/** The same, to be run over some of the elements. */
export const compileRanged = (spec: KernelSpec): RangedFunction =>
  compileLoops<RangedFunction>(spec, rangedTypes);

/**
 * The same, of operands and results that lie where the call says. A result may be an operand, element for element.
 */
export function compilePlaced({ inputs, outputs, ...spec }: KernelSpec): PlacedFunction {
  const placed = <T>(x: T, i: number): T => ({ ...x, base: 0, shift: 2 + i });
  const all = {
    ...spec,
    inputs: inputs.map(placed),
    outputs: outputs.map((x, i) => placed(x, inputs.length + i)),
  };
  return compileLoops(all, Array<ValueType>(2 + inputs.length + outputs.length).fill('i32'));
}

function compileLoops<F>(spec: KernelSpec, params: readonly ValueType[]): F {
  const program = lowered(spec);
  const module = new ModuleBuilder();
  const env: ScalarFunctions = {};
  const callees = new Map<string, number>();
  importScalarFunctions(module, program, spec, callees, env);
  const Loops = suitsBytes(spec, program) ? ByteLoops : LoopEmitter;
  module.addFunction({ params, results: [], export: 'run', name: spec.name }, (f) =>
    new Loops(f, spec, program, callees, params === rangedTypes).emit(),
  );
  return module.instantiate<{ run: F }>(env).run;
}

/** The cost of an element, in operations. */
export const operationsOf = ({ nodes }: Program<OutputSpec>): number =>
  nodes.reduce((sum, node) => sum + (isCall(node) ? operationsOfCall : 1), 0);

/** Whether all functions that it calls are those of `Math`, which every thread has. */
export const callsOnlyMath = ({ nodes }: Program<OutputSpec>): boolean =>
  nodes.every((node) => !isCall(node) || scalarFunctions[String(node.attribute)] === undefined);

/** What the call of a function of JavaScript takes. */
const operationsOfCall = 200;

function scalarFunction(name: string, spec: KernelSpec): ScalarFunction {
  const found = scalarFunctions[name] ?? (Math as unknown as Record<string, unknown>)[name];
  if (typeof found !== 'function') {
    throw new KindlingError(
      `${spec.name}: the function ${name} has no implementation for ${spec.lane} lanes`,
    );
  }
  return found as ScalarFunction;
}
