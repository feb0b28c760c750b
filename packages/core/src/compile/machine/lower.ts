import {
  type Area,
  InJavaScript,
  type Kernel,
  NotLowered,
  Recorder,
  recordKernels,
  standIn,
} from '../../kernels/index.ts';
import { Storage } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';
import type { Equation, Memory, Program, Value } from '../program.ts';
import { moved } from '../values.ts';

/** What a machine does at a time: run a kernel, or an equation by the kernel that eager calls run. */
export type Step =
  | {
      readonly kind: 'kernel';
      readonly kernel: Kernel;
      readonly equation: number;
      /** Those whose kernels became part of this one, the step's own first; left out where it is alone. */
      readonly fused?: readonly number[];
    }
  | {
      readonly kind: 'eager';
      readonly equation: number;
      readonly reads: readonly Area[];
      readonly writes: readonly Area[];
      /** Why no kernels stand for it; or what it does, if it is meant to work in JavaScript. */
      readonly reason: string;
      readonly inJavaScript: boolean;
    };

/** The equations that a step does. */
export const equationsOf = (step: Step): readonly number[] =>
  (step.kind === 'kernel' ? step.fused : undefined) ?? [step.equation];

/** The kernels of each equation; an equation that has none stays as it is. */
export function lowerProgram({ equations }: Program): Step[] {
  const tensorOf = standInTensors();
  const firstOf = new Map<string, number>();
  return equations.flatMap((equation, i): Step[] => {
    // Those that the host gives the same numbers name them alike, by the first.
    const { host } = equation;
    const key = host === null ? `${i}` : `host ${host.part} ${host.item}`;
    const first = firstOf.get(key) ?? i;
    firstOf.set(key, first);
    const lowered = kernelsOf(equation, first, tensorOf);
    if (!(lowered instanceof NotLowered))
      return lowered.map((kernel) => ({ kind: 'kernel', kernel, equation: i }));
    const areas = (values: readonly Value[]): Memory[] => values.map(({ memory }) => memory);
    const { inputs, outputs } = equation;
    return [
      {
        kind: 'eager',
        equation: i,
        reads: areas(inputs),
        writes: areas(outputs),
        reason: lowered.message,
        inJavaScript: lowered instanceof InJavaScript,
      },
    ];
  });
}

/** Tensors over memory that is not there: one for each value, as kernels tell operands apart by identity. */
function standInTensors(): (value: Value) => Tensor {
  const storages = new Map<Memory, Storage>();
  const tensors = new Map<string, Tensor>();
  return (value) => {
    const { memory, offset, shape, strides } = value;
    const key = `${memory.id} ${offset} ${shape.join(',')} ${strides.join(',')}`;
    let tensor = tensors.get(key);
    if (tensor === undefined) {
      let storage = storages.get(memory);
      if (storage === undefined) {
        storage = new Storage(standIn(memory));
        storages.set(memory, storage);
      }
      tensor = moved(value, storage, -memory.base);
      tensors.set(key, tensor);
    }
    return tensor;
  };
}

/** The kernels of an equation, or why there are none. */
function kernelsOf(
  { rerun, inputs, outputs, attrs, host }: Equation,
  ofNumbers: number,
  tensorOf: (value: Value) => Tensor,
): readonly Kernel[] | NotLowered {
  if (rerun === null) return [];
  const recorder = new Recorder();
  try {
    recordKernels(recorder, () => rerun(inputs.map(tensorOf), attrs, outputs.map(tensorOf)));
  } catch (error) {
    return error instanceof NotLowered ? error : new NotLowered(`its kernel failed: ${String(error)}`);
  }
  return host === null ? recorder.kernels : withHostNumbers(recorder.kernels, attrs, ofNumbers);
}

/** The kernels with the numbers that the host gives anew; or why that cannot be. */
function withHostNumbers(
  kernels: readonly Kernel[],
  attrs: unknown,
  equation: number,
): readonly Kernel[] | NotLowered {
  // An error for none is costly.
  const takesNumbers = (): NotLowered => new NotLowered('it computes with the numbers of the host');
  const named: Kernel[] = [];
  for (const kernel of kernels) {
    if (kernel.kind === 'product' || (kernel.kind === 'call' && !kernel.ofSizes)) return takesNumbers();
    if (kernel.kind !== 'elementwise' || kernel.params.length === 0) named.push(kernel);
    else if (kernel.params !== attrs) return takesNumbers();
    else named.push({ ...kernel, params: kernel.params.map((_, index) => ({ equation, index })) });
  }
  return named;
}
