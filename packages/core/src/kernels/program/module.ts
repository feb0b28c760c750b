import { FixedLoops, importScalarFunctions, type ScalarFunctions } from '../compile/index.ts';
import type { Call, Kernel } from '../recording/index.ts';
import { forgetJobs } from '../threads/index.ts';
import {
  type FunctionBuilder,
  instantiate,
  instantiateShared,
  ModuleBuilder,
  type SharedMemory,
} from '../wasm/index.ts';
import { emitCopy } from './copy.ts';
import { formOf } from './forms.ts';
import { addressesOf, emitArgument, type Places, type Prepared, prepare } from './places.ts';
import { emitProduct } from './products.ts';
import { SharedKernels } from './shared-kernels.ts';

/** Runs a stretch of kernels; 0, or one more than the number of the kernel that refused what it found. */
export type Stretch = () => number;

/** Kernels that are ready to run. */
export interface Emitted {
  /** A function for each stretch. */
  readonly stretches: readonly Stretch[];
  /** The WebAssembly that they are: the module, and the one that threads run, if there is one. */
  readonly modules: readonly Uint8Array[];
  /** Has workers forget them: none is run any more. */
  readonly forget: () => void;
}

/** A function that is to be written, for one kernel or for several that are one but for their places. */
interface Written {
  readonly kernel: Exclude<Kernel, Call>;
  /** How many kernels it does for; one alone has its addresses written into it. */
  kernels: number;
  prepared: Prepared | null;
  index: number;
}

/**
 * Puts stretches of kernels, which are run one after the other in each, into one module. In a
 * memory that threads share, the kernels that are worth it are run by several.
 */
export function emitProgram(
  stretches: readonly (readonly Kernel[])[],
  places: Places,
  memory: SharedMemory | null,
): Emitted {
  const module = new ModuleBuilder();
  const scalarFunctions: ScalarFunctions = {};
  const scalars = new Map<string, number>();
  const env: Record<string, Call['callee']> = scalarFunctions;
  const callees = new Map<Call['callee'], number>();
  const kernels = new Set(stretches.flat());
  const shared = memory === null ? null : new SharedKernels(memory);
  const written = new Map<string, Written>();
  const functions = new Map<Kernel, Written>();
  for (const kernel of kernels) {
    if (kernel.kind === 'call') {
      if (shared?.takesCall(kernel, places) || callees.has(kernel.callee)) continue;
      const name = `${kernel.name} ${callees.size}`;
      callees.set(kernel.callee, module.importFunction(name, kernel.types, kernel.checks ? ['i32'] : []));
      env[name] = kernel.callee;
      continue;
    }
    if (kernel.kind === 'elementwise' && shared?.takesElementwise(kernel, places)) continue;
    if (kernel.kind === 'copy' && shared?.takesCopy(kernel, places)) continue;
    const form = formOf(kernel) ?? '';
    let own = written.get(form);
    if (own === undefined) {
      own = { kernel, kernels: 0, prepared: null, index: 0 };
      written.set(form, own);
    }
    own.kernels++;
    functions.set(kernel, own);
  }
  for (const own of written.values()) {
    if (own.kernel.kind !== 'elementwise') continue;
    own.prepared = prepare(own.kernel, own.kernels === 1 ? places : null);
    const { expressions, spec } = own.prepared;
    importScalarFunctions(module, expressions, spec, scalars, scalarFunctions);
  }
  const fork = shared?.fork() ?? null;
  const forks = fork === null ? 0 : module.importFunction('fork', ['i32'], []);
  if (fork !== null) env.fork = fork.run;
  for (const own of written.values()) {
    const { kernel } = own;
    const addresses = isGivenPlaces(own) ? addressesOf(kernel, places).map(() => 'i32' as const) : [];
    const signature = { params: addresses, results: [], name: kernel.name } as const;
    own.index = module.addFunction(signature, (f) => emitKernel(f, own, places, scalars));
  }
  stretches.forEach((list, i) => {
    module.addFunction({ params: [], results: ['i32'], export: `run${i}` }, (f) => {
      list.forEach((kernel, number) => {
        const job = shared?.jobOf(kernel);
        if (job !== undefined) f.i32Const(job).call(forks);
        else if (kernel.kind === 'call')
          emitCall(f, kernel, callees.get(kernel.callee) ?? 0, places, number + 1);
        else {
          const own = functions.get(kernel);
          if (own === undefined) return;
          if (isGivenPlaces(own)) for (const address of addressesOf(kernel, places)) f.i32Const(address);
          f.call(own.index);
        }
      });
      f.i32Const(0);
    });
  });
  const bytes = module.build();
  const exports =
    memory === null
      ? instantiate<Record<string, Stretch>>(bytes, env)
      : (instantiateShared(memory, { bytes, env }).forJavaScript as Record<string, Stretch>);
  return {
    stretches: Object.values(exports),
    modules: fork === null ? [bytes] : [bytes, fork.bytes],
    forget: () => {
      if (fork !== null) forgetJobs(fork.run);
    },
  };
}

/** Whether the function takes the addresses that it works on. */
const isGivenPlaces = ({ kernel, kernels }: Written): boolean => kernel.kind !== 'elementwise' || kernels > 1;

function emitKernel(
  f: FunctionBuilder,
  { kernel, prepared }: Written,
  { spare }: Places,
  scalars: ReadonlyMap<string, number>,
): void {
  if (kernel.kind === 'product') emitProduct(f, kernel);
  else if (kernel.kind === 'copy') emitCopy(f, kernel, 0, 1);
  else if (prepared !== null) {
    const { count, inner } = kernel;
    const sizes = { outer: count / inner, inner, spare };
    new FixedLoops(f, prepared.spec, prepared.expressions, scalars).emitFixed(sizes);
  }
}

function emitCall(f: FunctionBuilder, kernel: Call, callee: number, places: Places, number: number): void {
  for (const i of kernel.args.keys()) emitArgument(f, kernel, i, places);
  f.call(callee);
  if (!kernel.checks) return;
  f.if();
  f.i32Const(number).return().end();
}
