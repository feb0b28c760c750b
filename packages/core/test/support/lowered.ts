import { autograd, type DType, isFloatingPoint, randint, randn, Tensor } from '@kindling/core';
import { expect } from 'vitest';
import { cotangent } from '../oracle/tensors.ts';
import { change, expectSameBits, type World } from './compiled.ts';

/** What a program does by no kernel of its own. */
interface Left {
  readonly name: string;
  readonly reason: string;
  /** Whether it is meant to work in JavaScript, on the program's memory. */
  readonly inJavaScript: boolean;
}

interface MachineSeen {
  readonly program: { readonly equations: readonly { readonly name: string }[] };
  readonly steps: readonly {
    readonly kind: string;
    readonly equation: number;
    readonly reason?: string;
    readonly inJavaScript?: boolean;
  }[];
}

/** What of a compiled function's programs is done by no kernel of theirs. */
export const leftToEager = (fn: unknown): Left[] =>
  (fn as { machines: MachineSeen[] }).machines.flatMap(({ steps, program: { equations } }) =>
    steps.flatMap(({ kind, equation, reason = '', inJavaScript = false }) =>
      kind === 'eager' ? [{ name: equations[equation]?.name ?? '', reason, inJavaScript }] : [],
    ),
  );

/** Why. */
export const leftEager = (fn: unknown): string[] => leftToEager(fn).map(({ reason }) => reason);

/** That a compiled function gives the bits of eager, and leaves no equation to eager kernels. */
export function expectLowered(make: () => World, calls?: number): void {
  expect(leftEager(expectSameBits(make, calls))).toEqual([]);
}

/** Some tensors, and what is computed of them. */
export interface Case {
  readonly of: (dtype: DType) => readonly Tensor[];
  readonly run: (...x: Tensor[]) => Tensor | readonly Tensor[];
}

/** Makers of tensors: of normal numbers, of int32s below `size`, of truth values, and of several. */
export const values =
  (...shape: number[]) =>
  (dtype: DType): Tensor =>
    randn(shape, { dtype });
export const indices =
  (size: number, ...shape: number[]) =>
  (): Tensor =>
    randint(0, size, shape, { dtype: 'int32' });
export const mask =
  (...shape: number[]) =>
  (): Tensor =>
    randn(shape).gt(0);
export const given =
  (...make: ((dtype: DType) => Tensor)[]) =>
  (dtype: DType): Tensor[] =>
    make.map((one) => one(dtype));

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
