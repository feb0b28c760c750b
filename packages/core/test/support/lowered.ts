import { autograd, type DType, isFloatingPoint, Tensor } from '@kindling/core';
import { expect } from 'vitest';
import { cotangent } from '../oracle/tensors.ts';
import { change, expectSameBits, type World } from './compiled.ts';

/** What of a compiled function's programs eager kernels run. */
export const leftEager = (fn: unknown): string[] =>
  (fn as { machines: { steps: { kind: string; reason?: string }[] }[] }).machines.flatMap(({ steps }) =>
    steps.flatMap(({ kind, reason }) => (kind === 'eager' ? [reason ?? ''] : [])),
  );

/** That a compiled function gives the bits of eager, and leaves no equation to eager kernels. */
export function expectLowered(make: () => World, calls?: number): void {
  expect(leftEager(expectSameBits(make, calls))).toEqual([]);
}

/** Some tensors, and what is computed of them. */
export interface Case {
  readonly of: (dtype: DType) => readonly Tensor[];
  readonly run: (...x: Tensor[]) => Tensor | readonly Tensor[];
}

const flat = (result: Tensor | readonly Tensor[]): readonly Tensor[] =>
  result instanceof Tensor ? [result] : result;

/** A case, and the gradients by those of its tensors that want one. */
export const worldOf =
  ({ of, run }: Case, dtype: DType) =>
  (): World => {
    const given = of(dtype).map((x) => (isFloatingPoint(x.dtype) ? x.requiresGrad_() : x));
    const leaves = given.filter((x) => x.requiresGrad);
    return {
      call: () => {
        const results = flat(run(...given));
        const roots = results.filter((y) => y.requiresGrad);
        const gradients =
          roots.length === 0
            ? []
            : autograd.grad(roots, leaves, { gradOutputs: roots.map(cotangent), allowUnused: true });
        return [results, gradients.filter((g) => g !== null)];
      },
      argumentsOf: () => {
        change(given);
        return [];
      },
      state: () => given,
    };
  };
