import { FixedLoops, importScalarFunctions, type ScalarFunctions } from '../compile/index.ts';
import type { Call, Kernel, Product } from '../recording/index.ts';
import {
  type FunctionBuilder,
  instantiate,
  instantiateShared,
  ModuleBuilder,
  type SharedMemory,
} from '../wasm/index.ts';
import { emitCopy } from './copy.ts';
import { byteOf, emitArgument, type Places, type Prepared, prepare } from './places.ts';
import { emitProduct, formOfProduct, productParams } from './products.ts';
import { SharedKernels } from './shared-kernels.ts';

/** Runs a stretch of kernels; 0, or one more than the number of the kernel that refused what it found. */
export type Stretch = () => number;

/**
 * Puts stretches of kernels, which are run one after the other in each, into one module; gives a function for each stretch. In a
 * memory that threads share, the kernels that are worth it are run by several.
 */
export function emitProgram(
  stretches: readonly (readonly Kernel[])[],
  places: Places,
  memory: SharedMemory | null,
): Stretch[] {
  const module = new ModuleBuilder();
  const scalarFunctions: ScalarFunctions = {};
  const scalars = new Map<string, number>();
  const env: Record<string, Call['callee']> = scalarFunctions;
  const callees = new Map<Call['callee'], number>();
  const kernels = stretches.flat();
  const prepared = new Map<Kernel, Prepared>();
  const shared = memory === null ? null : new SharedKernels(memory);
  for (const kernel of kernels) {
    if (kernel.kind === 'elementwise') {
      const ready = prepare(kernel, places);
      if (shared?.takesElementwise(kernel, ready)) continue;
      prepared.set(kernel, ready);
      importScalarFunctions(module, ready.expressions, ready.spec, scalars, scalarFunctions);
    } else if (kernel.kind === 'call' && !shared?.takesCall(kernel, places) && !callees.has(kernel.callee)) {
      const name = `${kernel.name} ${callees.size}`;
      callees.set(kernel.callee, module.importFunction(name, kernel.types, kernel.checks ? ['i32'] : []));
      env[name] = kernel.callee;
    }
  }
  const fork = shared?.fork() ?? null;
  const forks = fork === null ? 0 : module.importFunction('fork', ['i32'], []);
  if (fork !== null) env.fork = fork;
  const functions = new Map<Kernel, number>();
  const products = new Map<string, number>();
  for (const kernel of kernels) {
    if (kernel.kind === 'product') {
      const form = formOfProduct(kernel);
      const known = products.get(form);
      const own =
        known ??
        module.addFunction({ params: productParams, results: [], name: kernel.name }, (f) =>
          emitProduct(f, kernel),
        );
      products.set(form, own);
      functions.set(kernel, own);
      continue;
    }
    if (kernel.kind === 'call' || shared?.jobOf(kernel) !== undefined) continue;
    const signature = { params: [], results: [], name: kernel.name } as const;
    const index = module.addFunction(signature, (f) => {
      const ready = prepared.get(kernel);
      if (kernel.kind === 'copy') emitCopy(f, kernel, byteOf(kernel.from, places), byteOf(kernel.to, places));
      else if (ready !== undefined) {
        const { count, inner } = kernel;
        new FixedLoops(f, ready.spec, ready.expressions, scalars).emitFixed({
          outer: count / inner,
          inner,
          spare: places.spare,
        });
      }
    });
    functions.set(kernel, index);
  }
  stretches.forEach((list, i) => {
    module.addFunction({ params: [], results: ['i32'], export: `run${i}` }, (f) => {
      list.forEach((kernel, number) => {
        const job = shared?.jobOf(kernel);
        const callee = kernel.kind === 'call' ? callees.get(kernel.callee) : functions.get(kernel);
        if (job !== undefined) f.i32Const(job).call(forks);
        else if (callee === undefined) return;
        else if (kernel.kind === 'call') emitCall(f, kernel, callee, places, number + 1);
        else {
          if (kernel.kind === 'product') emitPlacesOf(f, kernel, places);
          f.call(callee);
        }
      });
      f.i32Const(0);
    });
  });
  const bytes = module.build();
  if (memory === null) return Object.values(instantiate<Record<string, Stretch>>(bytes, env));
  return Object.values(instantiateShared(memory, { bytes, env }).exports as Record<string, Stretch>);
}

function emitPlacesOf(f: FunctionBuilder, { a, b, c, added }: Product, places: Places): void {
  for (const at of [a.at, b.at, c, added?.at])
    f.i32Const(at === undefined ? 0 : places.of(at.area) + at.bytes);
}

function emitCall(f: FunctionBuilder, kernel: Call, callee: number, places: Places, number: number): void {
  for (const i of kernel.args.keys()) emitArgument(f, kernel, i, places);
  f.call(callee);
  if (!kernel.checks) return;
  f.if();
  f.i32Const(number).return().end();
}
