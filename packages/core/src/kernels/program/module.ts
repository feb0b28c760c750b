import { emitElementwise, importScalarFunctions, type ScalarFunctions } from '../compile/index.ts';
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
import {
  addressesOf,
  emitArgument,
  type Places,
  type Prepared,
  prepare,
  rowSumsOf,
  rowSumTypes,
  sumsOf,
} from './places.ts';
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

/** The module of a program as it is made: kernels are taken, written, and called by stretches. */
class ProgramModule {
  readonly #module = new ModuleBuilder();
  readonly #places: Places;
  readonly #shared: SharedKernels | null;
  readonly #scalars = new Map<string, number>();
  readonly #scalarFunctions: ScalarFunctions = {};
  /** What the module imports. */
  readonly env: Record<string, Call['callee']> = this.#scalarFunctions;
  readonly #callees = new Map<Call['callee'], number>();
  /** By form, then by kernel. */
  readonly #written = new Map<string, Written>();
  readonly #functions = new Map<Kernel, Written>();
  #forks = 0;

  constructor(places: Places, shared: SharedKernels | null) {
    this.#places = places;
    this.#shared = shared;
  }

  /** Imports what a kernel calls, or notes which function is to be written for it, unless threads share it. */
  take(kernel: Kernel): void {
    const shared = this.#shared;
    if (kernel.kind === 'call') {
      if (!shared?.takesCall(kernel, this.#places)) this.#importCallee(kernel);
      return;
    }
    if (kernel.kind === 'elementwise' && shared?.takesElementwise(kernel, this.#places)) return;
    if (kernel.kind === 'elementwise')
      for (const { addedUp } of sumsOf(kernel))
        this.#importCallee({ name: 'rows', callee: addedUp.callee, types: rowSumTypes, checks: false });
    if (kernel.kind === 'copy' && shared?.takesCopy(kernel, this.#places)) return;
    const form = formOf(kernel) ?? '';
    let own = this.#written.get(form);
    if (own === undefined) {
      own = { kernel, kernels: 0, prepared: null, index: 0 };
      this.#written.set(form, own);
    }
    own.kernels++;
    this.#functions.set(kernel, own);
  }

  #importCallee({ name, callee, types, checks }: Pick<Call, 'name' | 'callee' | 'types' | 'checks'>): void {
    if (this.#callees.has(callee)) return;
    const as = `${name} ${this.#callees.size}`;
    this.#callees.set(callee, this.#module.importFunction(as, types, checks ? ['i32'] : []));
    this.env[as] = callee;
  }

  /** Prepares the elementwise kernels, whose functions of JavaScript are imported. */
  prepare(): void {
    for (const own of this.#written.values()) {
      if (own.kernel.kind !== 'elementwise') continue;
      own.prepared = prepare(own.kernel, own.kernels === 1 ? this.#places : null);
      const { expressions, spec } = own.prepared;
      importScalarFunctions(this.#module, expressions, spec, this.#scalars, this.#scalarFunctions);
    }
  }

  /** Imports what has threads run a job. */
  importFork(run: Call['callee']): void {
    this.#forks = this.#module.importFunction('fork', ['i32'], []);
    this.env.fork = run;
  }

  /** Writes the functions. */
  emitKernels(): void {
    for (const own of this.#written.values()) {
      const { kernel } = own;
      const addresses = isGivenPlaces(own) ? addressesOf(kernel, this.#places).map(() => 'i32' as const) : [];
      const signature = { params: addresses, results: [], name: kernel.name } as const;
      own.index = this.#module.addFunction(signature, (f) => this.#emitKernel(f, own));
    }
  }

  #emitKernel(f: FunctionBuilder, { kernel, kernels, prepared }: Written): void {
    if (kernel.kind === 'product') emitProduct(f, kernel);
    else if (kernel.kind === 'copy') emitCopy(f, kernel, 0, 1);
    else if (prepared !== null) {
      const { count, inner } = kernel;
      const sizes = { outer: count / inner, inner, spare: this.#places.spare };
      const { spec, expressions } = prepared;
      const places = kernels === 1 ? this.#places : null;
      const sums = rowSumsOf(f, kernel, places, (callee) => this.#callees.get(callee) ?? 0);
      emitElementwise(f, spec, expressions, this.#scalars, sizes, sums);
    }
  }

  /** Writes stretch number `i`, which calls its kernels one after the other. */
  emitStretch(list: readonly Kernel[], i: number): void {
    this.#module.addFunction({ params: [], results: ['i32'], export: `run${i}` }, (f) => {
      for (const [number, kernel] of list.entries()) this.#callKernel(f, kernel, number + 1);
      f.i32Const(0);
    });
  }

  #callKernel(f: FunctionBuilder, kernel: Kernel, number: number): void {
    const job = this.#shared?.jobOf(kernel);
    if (job !== undefined) f.i32Const(job).call(this.#forks);
    else if (kernel.kind === 'call')
      emitCall(f, kernel, this.#callees.get(kernel.callee) ?? 0, this.#places, number);
    else {
      const own = this.#functions.get(kernel);
      if (own === undefined) return;
      if (isGivenPlaces(own)) for (const address of addressesOf(kernel, this.#places)) f.i32Const(address);
      f.call(own.index);
    }
  }

  build(): Uint8Array<ArrayBuffer> {
    return this.#module.build();
  }
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
  const shared = memory === null ? null : new SharedKernels(memory);
  const program = new ProgramModule(places, shared);
  for (const kernel of new Set(stretches.flat())) program.take(kernel);
  program.prepare();
  const fork = shared?.fork() ?? null;
  if (fork !== null) program.importFork(fork.run);
  program.emitKernels();
  for (const [i, list] of stretches.entries()) program.emitStretch(list, i);
  const bytes = program.build();
  const { env } = program;
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

function emitCall(f: FunctionBuilder, kernel: Call, callee: number, places: Places, number: number): void {
  for (const i of kernel.args.keys()) emitArgument(f, kernel, i, places);
  f.call(callee);
  if (!kernel.checks) return;
  f.if();
  f.i32Const(number).return().end();
}
