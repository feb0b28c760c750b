import { bytesOf } from '../../dtype.ts';
import {
  FixedLoops,
  importScalarFunctions,
  type KernelSpec,
  lowered,
  type ScalarFunctions,
} from '../compile/index.ts';
import type { Address, Area, Call, Elementwise, Kernel, Operand } from '../recording/index.ts';
import { type FunctionBuilder, instantiate, ModuleBuilder } from '../wasm/index.ts';
import { emitCopy } from './copy.ts';

/** Runs a stretch of kernels; 0, or one more than the number of the kernel that refused what it found. */
export type Stretch = () => number;

/** Where things lie, as bytes of the memory of kernels. */
export interface Places {
  /** The first byte of an area. */
  readonly of: (area: Area) => number;
  /** The first byte of the parameters of an elementwise kernel: float64 numbers, side by side. */
  readonly params: (kernel: Elementwise) => number;
  /** The first of 32 bytes that may be overwritten at any time. */
  readonly spare: number;
}

/** Puts stretches of kernels, which are run one after the other in each, into one module; gives a function for each stretch. */
export function emitProgram(stretches: readonly (readonly Kernel[])[], places: Places): Stretch[] {
  const module = new ModuleBuilder();
  const scalarFunctions: ScalarFunctions = {};
  const scalars = new Map<string, number>();
  const env: Record<string, Call['callee']> = scalarFunctions;
  const callees = new Map<Call['callee'], number>();
  const kernels = stretches.flat();
  const prepared = new Map<Kernel, { spec: KernelSpec; expressions: ReturnType<typeof lowered> }>();
  for (const kernel of kernels) {
    if (kernel.kind === 'elementwise') {
      const spec = specOf(kernel, places);
      const expressions = lowered(spec);
      prepared.set(kernel, { spec, expressions });
      importScalarFunctions(module, expressions, spec, scalars, scalarFunctions);
    } else if (kernel.kind === 'call' && !callees.has(kernel.callee)) {
      const name = `${kernel.name} ${callees.size}`;
      callees.set(kernel.callee, module.importFunction(name, kernel.types, kernel.checks ? ['i32'] : []));
      env[name] = kernel.callee;
    }
  }
  const functions = new Map<Kernel, number>();
  for (const kernel of kernels) {
    if (kernel.kind === 'call') continue;
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
        const callee = kernel.kind === 'call' ? callees.get(kernel.callee) : functions.get(kernel);
        if (callee === undefined) return;
        if (kernel.kind === 'call') emitCall(f, kernel, callee, places, number + 1);
        else f.call(callee);
      });
      f.i32Const(0);
    });
  });
  return Object.values(instantiate<Record<string, Stretch>>(module.build(), env));
}

const byteOf = ({ area, dtype, offset }: Operand, places: Places): number =>
  places.of(area) + offset * bytesOf(dtype);

const specOf = (kernel: Elementwise, places: Places): KernelSpec => ({
  name: kernel.name,
  lane: kernel.lane,
  params: places.params(kernel),
  inputs: kernel.inputs.map(({ operand, reading }) => ({
    stored: operand.dtype,
    mode: reading,
    base: byteOf(operand, places),
  })),
  outputs: kernel.outputs.map(({ operand, expression }) => ({
    expression,
    stored: operand.dtype,
    base: byteOf(operand, places),
  })),
});

function emitCall(f: FunctionBuilder, kernel: Call, callee: number, places: Places, number: number): void {
  const numberOf = (arg: number | Address): number =>
    typeof arg === 'number' ? arg : places.of(arg.area) + arg.bytes;
  kernel.args.forEach((arg, i) => {
    const value = numberOf(arg);
    switch (kernel.types[i]) {
      case 'f32':
        f.f32Const(value);
        break;
      case 'f64':
        f.f64Const(value);
        break;
      default:
        f.i32Const(value);
    }
  });
  f.call(callee);
  if (!kernel.checks) return;
  f.if();
  f.i32Const(number).return().end();
}
